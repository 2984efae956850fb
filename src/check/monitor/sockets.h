// SPDX-License-Identifier: Apache-2.0
// Sockets that speak in the name of others (ip(7), IP_TRANSPARENT).
#pragma once

#include <cstdint>

#include "base/result.h"
#include "check/monitor/endpoint.h"
#include "check/sandbox/fd.h"

namespace check::monitor {

// A TCP listener for connections to any address, which the rules send to `port` of the loopback.
base::Result<sandbox::Fd> listen_for_others();
// Begins to connect to `server` as if it were `client`.
base::Result<sandbox::Fd> connect_as(const Endpoint& client, const Endpoint& server);
// A UDP socket for datagrams to any address, likewise; receive_datagram() tells the address.
base::Result<sandbox::Fd> receive_for_others();
// A UDP socket that sends as if it were `source`.
base::Result<sandbox::Fd> send_as(const Endpoint& source);

Endpoint local_endpoint(int fd);

// Closing `fd` will send a reset.
void reset_on_close(int fd);
// Closing `fd` will send nothing: the peer is to see what it would see of a host that is gone.
void silence_on_close(int fd);

// What the kernel has received on a TCP connection, in order; the FIN counts as one byte.
struct ReceivedBytes {
  std::uint64_t total = 0;
  std::uint64_t unread = 0;
  bool may_hold_fin = false;
};
ReceivedBytes received_bytes(int fd);

}  // namespace check::monitor
