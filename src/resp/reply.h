// SPDX-License-Identifier: Apache-2.0
// Answers in the Redis protocol, read back: for clients.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace resp {

struct Reply {
  enum class Kind : std::uint8_t { Status, Error, Integer, Bulk, Nil, Array };
  Kind kind = Kind::Nil;
  std::string text;          // Of a Status, an Error, a Bulk.
  std::int64_t integer = 0;  // Of an Integer.
  std::vector<Reply> items;  // Of an Array; of a map, keys and values in turn.
};

struct ParsedReply {
  Reply reply;
  std::size_t size_bytes = 0;
};

// The reply at the beginning of `input`; nothing if it is not all there yet. Knows what servers of
// version 2 send, and of version 3 null, map, and what can be read as a bulk string (double,
// boolean, big number, verbatim string), set and push as arrays.
base::Result<std::optional<ParsedReply>> parse_reply(std::string_view input);

}  // namespace resp
