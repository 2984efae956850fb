// SPDX-License-Identifier: Apache-2.0
// A kept-alive connection to one server, for protocols of one request and one answer at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "check/cluster/deadline.h"
#include "check/cluster/stream.h"

namespace check::cluster {

class Connection {
 public:
  Connection() = default;
  Connection(std::string address, std::uint16_t port) : address_(std::move(address)), port_(port) {}

  // Connects, unless a connection fit for the next request is there.
  base::Status open(const Deadline& deadline);
  // Opens if necessary and sends. A kept connection that turns out to be dead before it took a
  // byte is replaced; a request that may have left is never sent again.
  std::optional<Broken> request(std::string_view bytes, const Deadline& deadline);
  // At least one byte; the end of the stream is an error.
  base::Result<std::size_t> receive(std::span<char> space, const Deadline& deadline);
  // After an answer that is not whole: what comes later must not be taken for the next one.
  void close() { stream_.close(); }

 private:
  std::string address_;
  std::uint16_t port_ = 0;
  Stream stream_;
};

}  // namespace check::cluster
