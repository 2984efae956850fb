// SPDX-License-Identifier: Apache-2.0
#include "resp/reply_writer.h"

#include <array>
#include <charconv>

namespace resp {

void ReplyWriter::error(std::string_view text) {
  out_ += '-';
  for (const char c : text) out_ += c == '\r' || c == '\n' ? ' ' : c;
  out_ += "\r\n";
}

void ReplyWriter::bulk(std::string_view bytes) {
  number('$', static_cast<std::int64_t>(bytes.size()));
  out_ += bytes;
  out_ += "\r\n";
}

void ReplyWriter::nil() { out_ += version_ == Version::Three ? "_\r\n" : "$-1\r\n"; }

void ReplyWriter::map(std::size_t pairs) {
  if (version_ == Version::Three) {
    number('%', static_cast<std::int64_t>(pairs));
  } else {
    array(2 * pairs);
  }
}

void ReplyWriter::line(char mark, std::string_view text) {
  out_ += mark;
  out_ += text;
  out_ += "\r\n";
}

void ReplyWriter::number(char mark, std::int64_t value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  line(mark, std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

}  // namespace resp
