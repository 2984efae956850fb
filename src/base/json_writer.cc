// SPDX-License-Identifier: Apache-2.0
#include "base/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/utf8.h"

namespace base {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void append_hex_byte(std::string& out, unsigned char byte) {
  out.push_back(kHex[byte >> 4U]);
  out.push_back(kHex[byte & 0x0fU]);
}

void append_control(std::string& out, char byte) {
  constexpr std::string_view kBytes = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  const std::size_t which = kBytes.find(byte);
  if (which != std::string_view::npos) {
    out.push_back('\\');
    out.push_back(kLetters[which]);
    return;
  }
  out += "\\u00";
  append_hex_byte(out, static_cast<unsigned char>(byte));
}

// Writes what `rest` begins with, a byte from 80 on; returns how many bytes that was.
std::size_t append_beyond_ascii(std::string& out, std::string_view rest) {
  const auto code_point = find_code_point(rest.substr(0, 4));
  // The stand-ins themselves are taken apart into bytes, or they would be read back as one byte.
  if (code_point && code_point->value < 0x10ff80) {
    out += rest.substr(0, code_point->size_bytes);
    return code_point->size_bytes;
  }
  out += "\\udbff\\udf";
  append_hex_byte(out, static_cast<unsigned char>(rest.front()));
  return 1;
}

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), result.ptr);
}

}  // namespace

void append_json_string(std::string& out, std::string_view bytes) {
  out.push_back('"');
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    if (byte >= 0x80) {
      at += append_beyond_ascii(out, bytes.substr(at));
      continue;
    }
    if (byte < 0x20 || byte == '"' || byte == '\\') {
      append_control(out, bytes[at]);
    } else {
      out.push_back(bytes[at]);
    }
    ++at;
  }
  out.push_back('"');
}

void JsonWriter::begin_value() {
  if (!named_ && !filled_.empty()) {
    if (filled_.back()) out_.push_back(',');
    filled_.back() = true;
  }
  named_ = false;
  if (broken_) out_.push_back('\n');
  broken_ = false;
}

void JsonWriter::end(char bracket) {
  CHECK(!filled_.empty() && !named_);
  filled_.pop_back();
  if (broken_) out_.push_back('\n');
  broken_ = false;
  out_.push_back(bracket);
}

JsonWriter& JsonWriter::begin_object() {
  begin_value();
  out_.push_back('{');
  filled_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  end('}');
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  begin_value();
  out_.push_back('[');
  filled_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  end(']');
  return *this;
}

JsonWriter& JsonWriter::name(std::string_view name) {
  CHECK(!named_ && !filled_.empty());
  begin_value();
  append_json_string(out_, name);
  out_.push_back(':');
  named_ = true;
  return *this;
}

JsonWriter& JsonWriter::null() {
  begin_value();
  out_ += "null";
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  begin_value();
  out_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  begin_value();
  append_number(out_, value);
  return *this;
}

JsonWriter& JsonWriter::natural(std::uint64_t value) {
  begin_value();
  append_number(out_, value);
  return *this;
}

JsonWriter& JsonWriter::real(double value) {
  if (!std::isfinite(value)) return null();
  begin_value();
  append_number(out_, value);
  if (value == 0 && std::signbit(value))
    out_ += ".0";  // "-0" would read back as a whole number, without its sign.
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view bytes) {
  begin_value();
  append_json_string(out_, bytes);
  return *this;
}

JsonWriter& JsonWriter::break_line() {
  broken_ = true;
  return *this;
}

}  // namespace base
