// SPDX-License-Identifier: Apache-2.0
// A UDP socket that sends and receives many datagrams with one call. Never blocks; what the kernel
// has no room for is lost, as anything on the way may be.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "os/net.h"

namespace os {

class Datagrams {
 public:
  // The most that one can hold over IPv4.
  static constexpr std::size_t kMaxBytes = 65507;

  static base::Result<Datagrams> bind(const HostPort& where);

  int fd() const { return socket_.number(); }

  // Waits for flush().
  void put(const Address& to, std::string bytes);
  std::size_t waiting_bytes() const { return waiting_bytes_; }
  // Hands all that waits to the kernel; how many it did not take.
  std::size_t flush();

  // Those that have come, at most kBatch; valid until the next call. Empty: none.
  struct Received {
    Address from;
    std::string_view bytes;
  };
  static constexpr std::size_t kBatch = 32;
  const std::vector<Received>& receive();

 private:
  struct Waiting {
    Address to;
    std::string bytes;
  };

  explicit Datagrams(Fd socket);

  Fd socket_;
  std::vector<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::unique_ptr<char[]> buffer_;  // NOLINT: kBatch times kMaxBytes, hardly ever touched.
  std::vector<Received> received_;
};

}  // namespace os
