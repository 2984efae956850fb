// SPDX-License-Identifier: Apache-2.0
// https://protobuf.dev/programming-guides/encoding
#include "check/wire/protobuf_fields.h"

namespace check::wire {
namespace {

constexpr std::uint64_t kVarint = 0;
constexpr std::uint64_t kFixed64 = 1;
constexpr std::uint64_t kSized = 2;
constexpr std::uint64_t kFixed32 = 5;
constexpr std::uint64_t kMostNumber = (1U << 29U) - 1;

void put_varint(std::string& out, std::uint64_t value) {
  while (value > 0x7f) {
    out.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<char>(value));
}

}  // namespace

bool ProtobufReader::varint(std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 70 && at_ < in_.size(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in_[at_++]);
    if (shift == 63 && byte > 1) return refuse();
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return true;
  }
  return refuse();
}

bool ProtobufReader::next(ProtobufField& field) {
  if (!ok_ || at_ == in_.size()) return false;
  field = {};
  field.begin = at_;
  std::uint64_t tag = 0;
  if (!varint(tag)) return false;
  if (tag >> 3U == 0 || tag >> 3U > kMostNumber) return refuse();
  field.number = static_cast<std::uint32_t>(tag >> 3U);
  const std::uint64_t type = tag & 7U;
  field.value_begin = at_;
  if (type == kVarint) {
    field.is_integer = true;
    return varint(field.integer);
  }
  std::uint64_t size = type == kFixed64 ? 8 : 4;
  if (type == kSized) {
    if (!varint(size)) return false;
  } else if (type != kFixed64 && type != kFixed32) {
    return refuse();
  }
  if (size > in_.size() - at_) return refuse();
  field.value_begin = at_;
  field.bytes = in_.substr(at_, size);
  at_ += size;
  return true;
}

void put_protobuf(std::string& out, std::uint32_t number, std::uint64_t integer) {
  put_varint(out, std::uint64_t{number} << 3U | kVarint);
  put_varint(out, integer);
}

void put_protobuf(std::string& out, std::uint32_t number, std::string_view content) {
  put_varint(out, std::uint64_t{number} << 3U | kSized);
  put_varint(out, content.size());
  out.append(content);
}

}  // namespace check::wire
