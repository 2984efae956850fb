// SPDX-License-Identifier: Apache-2.0
// RESP2, the Redis protocol, as an adapter needs it: one command at a time on a kept connection, a
// hard deadline, a bounded answer, and never a second try of a command that may have left.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "check/cluster/connection.h"
#include "check/cluster/deadline.h"
#include "check/cluster/stream.h"

namespace check::cluster {

struct RespReply {
  enum class Kind : std::uint8_t { Nil, Text, Error, Integer, Other };
  Kind kind = Kind::Nil;
  std::string text;  // Of Text (a simple or a bulk string), Error ("ERR ...") and Integer.
};

class RespClient {
 public:
  RespClient() = default;
  RespClient(std::string address, std::uint16_t port) : connection_(std::move(address), port) {}

  base::Status open(const Deadline& deadline) { return connection_.open(deadline); }
  Exchange<RespReply> call(std::span<const std::string_view> words, const Deadline& deadline);
  void close() { connection_.close(); }

 private:
  Connection connection_;
};

}  // namespace check::cluster
