// SPDX-License-Identifier: Apache-2.0
// What the state machine answers: the values of the Redis protocol, before anybody has chosen
// between its versions 2 and 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace kv {

struct Reply;

// One line without CR or LF, such as OK.
struct Status {
  std::string text;
  friend bool operator==(const Status&, const Status&) = default;
};
// One line that begins with a word in capitals: "ERR value is not an integer or out of range".
struct Error {
  std::string text;
  friend bool operator==(const Error&, const Error&) = default;
};
struct Integer {
  std::int64_t value = 0;
  friend bool operator==(Integer, Integer) = default;
};
struct Bulk {
  std::string bytes;
  friend bool operator==(const Bulk&, const Bulk&) = default;
};
// No such value.
struct Nil {
  friend bool operator==(Nil, Nil) = default;
};
struct Array {
  std::vector<Reply> items;
  friend bool operator==(const Array&, const Array&) = default;
};

struct Reply {
  std::variant<Status, Error, Integer, Bulk, Nil, Array> value;
  friend bool operator==(const Reply&, const Reply&) = default;
};

// For the way between servers (docs/formats/commands.md). Arrays nest at most kMaxReplyDepth deep.
inline constexpr int kMaxReplyDepth = 4;
std::string encode(const Reply& reply);
// encode() of the Status that nearly every write is answered with.
inline constexpr std::string_view kEncodedOk{"\x01\x02\0\0\0OK", 7};
// As encode() of a Bulk, with room for `more` bytes behind it; and the other way: nothing if it is
// something else.
std::string encode_bulk(std::string_view bytes, std::size_t more);
std::optional<std::string_view> plain_bulk(std::string_view bytes);
base::Result<Reply> decode_reply(std::string_view bytes);

}  // namespace kv
