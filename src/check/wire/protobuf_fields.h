// SPDX-License-Identifier: Apache-2.0
// The wire format of Protocol Buffers, field by field, without a schema.
//
//   ProtobufReader in(bytes);
//   for (ProtobufField field; in.next(field);) ...
//   if (!in.ok()) ...
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace check::wire {

struct ProtobufField {
  std::uint32_t number = 0;
  bool is_integer = false;      // A varint; else `bytes` holds the content.
  std::uint64_t integer = 0;    // Zero unless is_integer.
  std::string_view bytes = {};  // Of a string, a message or a fixed number.
  std::size_t begin = 0;        // Offset of the field, its tag included.
  std::size_t value_begin = 0;  // Offset of the integer or the content.
};

// Reads from bytes that outlive it and all views it gave out.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view in) : in_(in) {}

  // False at the end, and where the bytes make no sense.
  bool next(ProtobufField& field);
  // Everything so far made sense. Groups (long deprecated) make none.
  bool ok() const { return ok_; }
  std::size_t position() const { return at_; }

 private:
  bool varint(std::uint64_t& value);
  bool refuse() {
    ok_ = false;
    return false;
  }

  std::string_view in_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

void put_protobuf(std::string& out, std::uint32_t number, std::uint64_t integer);
void put_protobuf(std::string& out, std::uint32_t number, std::string_view content);

}  // namespace check::wire
