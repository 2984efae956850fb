// SPDX-License-Identifier: Apache-2.0
// Writes JSON (RFC 8259) from left to right: the same calls give the same bytes everywhere, without
// white space except where break_line() asks for it.
//
//   std::string line;
//   JsonWriter(line).begin_object().name("index").natural(4).name("key").string("x").end_object();
//   // {"index":4,"key":"x"}
//
// Strings may hold any bytes. Text is written as it is; a byte that is not part of UTF-8 text is
// written as the escape of U+10FF00 + byte: "\udbff\udfXX" for the byte XX. JsonCursor reads it
// back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace base {

// The string with its quotes and escapes.
void append_json_string(std::string& out, std::string_view bytes);

// Appends to `out`, which must outlive the writer. Begin and end must match; CHECKed.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& name(std::string_view name);

  JsonWriter& null();
  JsonWriter& boolean(bool value);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& natural(std::uint64_t value);
  JsonWriter& real(double value);  // Shortest text that reads back the same; null if not finite.
  JsonWriter& string(std::string_view bytes);

  // The next thing written starts on a line of its own.
  JsonWriter& break_line();

  // name() and the value, by its type.
  JsonWriter& member(std::string_view key, std::string_view value) {
    return name(key).string(value);
  }
  JsonWriter& member(std::string_view key, const char* value) { return name(key).string(value); }
  template <class Value>
  requires std::is_arithmetic_v<Value> JsonWriter& member(std::string_view key, Value value) {
    name(key);
    if constexpr (std::is_same_v<Value, bool>) {
      return boolean(value);
    } else if constexpr (std::is_floating_point_v<Value>) {
      return real(value);
    } else if constexpr (std::is_unsigned_v<Value>) {
      return natural(value);
    } else {
      return integer(value);
    }
  }

 private:
  void begin_value();
  void end(char bracket);

  std::string& out_;
  std::vector<bool> filled_;  // Per open array or object: whether it has an element already.
  bool named_ = false;        // A name was written, its value not yet.
  bool broken_ = false;
};

}  // namespace base
