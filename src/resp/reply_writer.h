// SPDX-License-Identifier: Apache-2.0
// Answers in the Redis protocol, appended to a buffer: one call a value. What versions 2 and 3
// write differently is decided here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace resp {

enum class Version : std::uint8_t { Two = 2, Three = 3 };

class ReplyWriter {
 public:
  ReplyWriter(Version version, std::string& out) : version_(version), out_(out) {}

  void status(std::string_view text) { line('+', text); }
  // `text` begins with a word in capitals. Line breaks in it become spaces.
  void error(std::string_view text);
  void integer(std::int64_t value) { number(':', value); }
  void bulk(std::string_view bytes);
  void nil();
  void array(std::size_t items) { number('*', static_cast<std::int64_t>(items)); }
  // `pairs` keys, each followed by its value.
  void map(std::size_t pairs);

 private:
  void line(char mark, std::string_view text);
  void number(char mark, std::int64_t value);

  Version version_;
  std::string& out_;
};

}  // namespace resp
