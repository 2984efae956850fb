// SPDX-License-Identifier: Apache-2.0
// Addresses as people write them, and sockets that never block.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/fd.h"

namespace os {

// "127.0.0.1:7001", "[::1]:7001", "n1:7001", as text.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
  std::string text() const;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};
base::Result<HostPort> parse_host_port(std::string_view text);

// Where a socket can be bound or connected to.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  friend bool operator==(const Address& one, const Address& other) {
    return one.length == other.length && std::memcmp(&one.storage, &other.storage, one.length) == 0;
  }
};
// Asks the system's resolver: may block when `host` is a name that /etc/hosts does not have.
base::Result<Address> resolve(const HostPort& where);
// As resolve(), but never blocks: nothing if `host` is a name, and no number.
std::optional<Address> numeric_address(const HostPort& where);

// "127.0.0.1:7001" of an address the kernel gave.
HostPort host_port(const Address& address);

// A listening socket. Port 0: the kernel chooses; local_address() says which.
base::Result<Fd> listen_tcp(const HostPort& where);
base::Result<HostPort> local_address(const Fd& socket);
// Of the other end of a connection.
base::Result<HostPort> remote_address(const Fd& socket);

// A TCP connection that was silent for so long is tried, so that it breaks (after four such
// periods) when its other end is gone without a word. Does nothing to other sockets. Not
// TCP_USER_TIMEOUT: that would also break the connection of one that is there but does not read
// (tcp(7)).
void keep_alive(const Fd& socket, std::chrono::seconds period = std::chrono::seconds(20));

// What is written to a TCP connection goes at once, also while the other end has not acknowledged
// what went before (TCP_NODELAY). Does nothing to other sockets.
void send_at_once(const Fd& socket);

// The next connection, TCP_NODELAY set and kept alive; nothing if none is waiting.
base::Result<std::optional<Fd>> accept_tcp(const Fd& listener);

// Begins to connect, TCP_NODELAY set. The socket turns writable when that succeeded or failed;
// connect_outcome() then says which.
base::Result<Fd> connect_tcp(const Address& where);
base::Status connect_outcome(const Fd& socket);

}  // namespace os
