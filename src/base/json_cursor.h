// SPDX-License-Identifier: Apache-2.0
// Reads JSON (RFC 8259) from left to right without building a tree: the caller asks for what it
// expects next, in the order of the text.
//
//   JsonCursor cursor(R"({"index": 4, "key": "x"})");
//   cursor.enter_object();
//   while (cursor.next_member(name)) { if (name == "index") index = cursor.integer(); ... }
//   TRY_STATUS(cursor.finish());
//
// Errors stick: after the first one every call returns an empty value, loops end, and finish() says
// what was expected at which byte. Strict: no comments, no trailing commas, no lone surrogates, no
// bytes that are not UTF-8. Strings come out as bytes; U+10FF80..U+10FFFF stand for the single
// bytes 80..ff (docs/formats/json.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace base {

enum class JsonKind : std::uint8_t { Null, Boolean, Number, String, Array, Object };

struct JsonLimits {
  std::size_t depth = 64;                          // Arrays and objects inside each other.
  std::size_t size_bytes = std::size_t{1} << 30U;  // Of the whole text.
};

// The text must outlive the cursor.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text, JsonLimits limits = {});

  // The kind of the next value, by its first byte; the value is not consumed.
  JsonKind kind();

  void null();
  bool boolean();
  std::int64_t integer();         // An error if the number has a fraction, an exponent, or no room.
  std::uint64_t natural();        // The same, from 0 to 2^64 - 1.
  std::string_view number();      // The digits as they stand, checked against the grammar.
  void string(std::string& out);  // Replaces `out`.

  void enter_object();
  bool next_member(std::string& name);  // False at the closing brace, which is consumed.
  void enter_array();
  bool next_element();  // False at the closing bracket, which is consumed.

  // Passes over one value of any kind, checking it.
  void skip();

  // Reports `what` as the error at the last value's first byte, unless there is an error already.
  void reject(std::string_view what);

  bool failed() const { return failed_; }
  std::size_t offset() const { return at_; }  // Bytes consumed so far.

  // The first error, or one if anything but white space is left.
  Status finish();

 private:
  void fail(std::size_t at, std::string_view expected);
  void skip_space();
  bool take(char byte, std::string_view expected);
  void word(std::string_view letters);
  bool enter(char bracket, std::string_view expected);
  bool more(char closing, std::string_view expected);
  bool digits();
  bool escape(std::string& out);
  bool hex4(std::uint32_t& unit);
  bool plain_utf8(std::string& out);

  std::string_view text_;
  JsonLimits limits_;
  std::size_t at_ = 0;
  std::size_t value_at_ = 0;
  std::size_t depth_ = 0;
  bool first_ = false;  // Just entered an array or object.
  bool failed_ = false;
  std::size_t failed_at_ = 0;
  std::string expected_;
};

}  // namespace base
