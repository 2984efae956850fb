// SPDX-License-Identifier: Apache-2.0
#include "base/json_cursor.h"

#include <charconv>

#include "base/utf8.h"

namespace base {

namespace {

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

bool is_plain(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  return code >= 0x20 && code < 0x80 && byte != '"' && byte != '\\';
}

// Code points that stand for a byte of a string that is not text (see append_json_string).
constexpr std::uint32_t kFirstByteStandIn = 0x10ff80;
constexpr std::uint32_t kLastByteStandIn = 0x10ffff;

void append_code_point(std::string& out, std::uint32_t value) {
  if (value >= kFirstByteStandIn && value <= kLastByteStandIn) {
    out.push_back(static_cast<char>(value & 0xffU));
  } else {
    append_utf8(out, value);
  }
}

template <class Number>
bool whole_number(std::string_view text, Number& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

}  // namespace

JsonCursor::JsonCursor(std::string_view text, JsonLimits limits) : text_(text), limits_(limits) {
  if (text.size() > limits.size_bytes) {
    fail(limits.size_bytes, "at most " + std::to_string(limits.size_bytes) + " bytes");
  }
}

void JsonCursor::fail(std::size_t at, std::string_view expected) {
  if (failed_) return;
  failed_ = true;
  failed_at_ = at;
  expected_ = expected;
}

void JsonCursor::reject(std::string_view what) { fail(value_at_, what); }

void JsonCursor::skip_space() {
  while (at_ < text_.size()) {
    const char byte = text_[at_];
    if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t') return;
    ++at_;
  }
}

bool JsonCursor::take(char byte, std::string_view expected) {
  skip_space();
  if (failed_) return false;
  if (at_ >= text_.size() || text_[at_] != byte) {
    fail(at_, expected);
    return false;
  }
  ++at_;
  return true;
}

JsonKind JsonCursor::kind() {
  skip_space();
  value_at_ = at_;
  if (failed_) return JsonKind::Null;
  const char byte = at_ < text_.size() ? text_[at_] : '\0';
  switch (byte) {
    case 'n':
      return JsonKind::Null;
    case 't':
    case 'f':
      return JsonKind::Boolean;
    case '"':
      return JsonKind::String;
    case '[':
      return JsonKind::Array;
    case '{':
      return JsonKind::Object;
    default:
      break;
  }
  if (!is_digit(byte) && byte != '-') fail(at_, "a value");
  return JsonKind::Number;
}

void JsonCursor::word(std::string_view letters) {
  skip_space();
  value_at_ = at_;
  if (failed_) return;
  if (text_.substr(at_, letters.size()) != letters) {
    fail(at_, letters);
    return;
  }
  at_ += letters.size();
}

void JsonCursor::null() { word("null"); }

bool JsonCursor::boolean() {
  const bool value = kind() == JsonKind::Boolean && text_[at_] == 't';
  if (value) {
    word("true");
  } else if (!failed_ && (at_ >= text_.size() || text_[at_] != 'f')) {
    fail(at_, "true or false");
  } else {
    word("false");
  }
  return value && !failed_;
}

bool JsonCursor::digits() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  if (at_ == begin) fail(at_, "a digit");
  return at_ != begin;
}

std::string_view JsonCursor::number() {
  skip_space();
  value_at_ = at_;
  if (failed_) return {};
  const auto next_is = [this](char byte) { return at_ < text_.size() && text_[at_] == byte; };
  if (next_is('-')) ++at_;
  if (at_ >= text_.size() || !is_digit(text_[at_])) {
    fail(at_, "a number");
    return {};
  }
  if (next_is('0')) {
    ++at_;
  } else if (!digits()) {
    return {};
  }
  if (next_is('.')) {
    ++at_;
    if (!digits()) return {};
  }
  if (next_is('e') || next_is('E')) {
    ++at_;
    if (next_is('+') || next_is('-')) ++at_;
    if (!digits()) return {};
  }
  return text_.substr(value_at_, at_ - value_at_);
}

std::int64_t JsonCursor::integer() {
  std::int64_t value = 0;
  const std::string_view text = number();
  if (!failed_ && !whole_number(text, value)) reject("a whole number of 64 bits");
  return failed_ ? 0 : value;
}

std::uint64_t JsonCursor::natural() {
  std::uint64_t value = 0;
  const std::string_view text = number();
  if (!failed_ && !whole_number(text, value)) reject("a whole number from 0 to 2^64 - 1");
  return failed_ ? 0 : value;
}

bool JsonCursor::hex4(std::uint32_t& unit) {
  const std::string_view text = text_.substr(at_, 4);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, unit, 16);
  if (text.size() < 4 || error != std::errc() || stop != end) {
    fail(at_, "four hexadecimal digits");
    return false;
  }
  at_ += 4;
  return true;
}

// At the byte behind a backslash.
bool JsonCursor::escape(std::string& out) {
  constexpr std::string_view kShort = "\"\\/bfnrt";
  constexpr std::string_view kMeaning = "\"\\/\b\f\n\r\t";
  const std::size_t begin = at_ - 1;
  if (at_ >= text_.size()) {
    fail(at_, "the string's closing quote");
    return false;
  }
  const char letter = text_[at_];
  ++at_;
  if (const std::size_t which = kShort.find(letter); which != std::string_view::npos) {
    out.push_back(kMeaning[which]);
    return true;
  }
  std::uint32_t value = 0;
  if (letter != 'u') {
    fail(begin, "one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    return false;
  }
  if (!hex4(value)) return false;
  if (value >= 0xd800 && value < 0xdc00) {
    std::uint32_t low = 0;
    if (text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      if (!hex4(low)) return false;
    }
    if (low < 0xdc00 || low > 0xdfff) {
      fail(begin, "two surrogates, not one alone");
      return false;
    }
    value = 0x10000 + ((value - 0xd800) << 10U) + (low - 0xdc00);
  } else if (value >= 0xdc00 && value <= 0xdfff) {
    fail(begin, "two surrogates, not one alone");
    return false;
  }
  append_code_point(out, value);
  return true;
}

bool JsonCursor::plain_utf8(std::string& out) {
  const auto code_point = find_code_point(text_.substr(at_, 4));
  if (!code_point) {
    fail(at_, "a byte of UTF-8");
    return false;
  }
  append_code_point(out, code_point->value);
  at_ += code_point->size_bytes;
  return true;
}

void JsonCursor::string(std::string& out) {
  out.clear();
  skip_space();
  value_at_ = at_;
  if (!take('"', "a string")) return;
  while (true) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
    out.append(text_.substr(begin, at_ - begin));
    if (at_ >= text_.size()) return fail(at_, "the string's closing quote");
    const char byte = text_[at_];
    if (byte == '"') {
      ++at_;
      return;
    }
    if (byte == '\\') {
      ++at_;
      if (!escape(out)) return;
    } else if (static_cast<unsigned char>(byte) < 0x20) {
      return fail(at_, "no control character inside a string");
    } else if (!plain_utf8(out)) {
      return;
    }
  }
}

bool JsonCursor::enter(char bracket, std::string_view expected) {
  skip_space();
  value_at_ = at_;
  if (!take(bracket, expected)) return false;
  if (depth_ == limits_.depth) {
    fail(at_ - 1, "at most " + std::to_string(limits_.depth) + " levels");
    return false;
  }
  ++depth_;
  first_ = true;
  return true;
}

// Whether another element comes; consumes the comma before it, or the closing bracket.
bool JsonCursor::more(char closing, std::string_view expected) {
  skip_space();
  if (failed_) return false;
  if (at_ < text_.size() && text_[at_] == closing) {
    ++at_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_ && !take(',', expected)) return false;
  first_ = false;
  return true;
}

void JsonCursor::enter_object() { enter('{', "an object"); }
void JsonCursor::enter_array() { enter('[', "an array"); }

bool JsonCursor::next_member(std::string& name) {
  if (!more('}', "a comma or the object's closing brace")) return false;
  skip_space();
  if (at_ >= text_.size() || text_[at_] != '"') {
    fail(at_, "a member's name");
    return false;
  }
  string(name);
  return take(':', "a colon behind a member's name");
}

bool JsonCursor::next_element() { return more(']', "a comma or the array's closing bracket"); }

// NOLINTNEXTLINE(misc-no-recursion): bounded by limits_.depth.
void JsonCursor::skip() {
  std::string ignored;
  switch (kind()) {
    case JsonKind::Null:
      return null();
    case JsonKind::Boolean:
      boolean();
      return;
    case JsonKind::Number:
      number();
      return;
    case JsonKind::String:
      return string(ignored);
    case JsonKind::Array:
      enter_array();
      while (next_element()) skip();
      return;
    case JsonKind::Object:
      enter_object();
      while (next_member(ignored)) skip();
      return;
  }
}

Status JsonCursor::finish() {
  skip_space();
  if (at_ < text_.size()) fail(at_, "nothing more");
  if (!failed_) return Done{};
  return Error{ErrorCode::Corrupt,
               "byte " + std::to_string(failed_at_) + ": expected " + expected_};
}

}  // namespace base
