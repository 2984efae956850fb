// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <array>

namespace base {

namespace {

std::uint32_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// How many bytes a sequence has that begins with `first`; 0 if none does.
std::size_t sequence_size(std::uint32_t first) {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;  // A continuation, or a two-byte form of ASCII.
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}

}  // namespace

std::optional<CodePoint> find_code_point(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const std::uint32_t first = byte_at(text, 0);
  const std::size_t size = sequence_size(first);
  if (size == 0 || text.size() < size) return std::nullopt;
  if (size == 1) return CodePoint{first, 1};

  std::uint32_t value = first & (0x7fU >> size);
  for (std::size_t at = 1; at < size; ++at) {
    const std::uint32_t byte = byte_at(text, at);
    if ((byte & 0xc0U) != 0x80) return std::nullopt;
    value = (value << 6U) | (byte & 0x3fU);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest.at(size) || value > 0x10ffff || surrogate) return std::nullopt;
  return CodePoint{value, size};
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0U | (code_point >> 6U));
    put(0x80U | (code_point & 0x3fU));
  } else if (code_point < 0x10000) {
    put(0xe0U | (code_point >> 12U));
    put(0x80U | ((code_point >> 6U) & 0x3fU));
    put(0x80U | (code_point & 0x3fU));
  } else {
    put(0xf0U | (code_point >> 18U));
    put(0x80U | ((code_point >> 12U) & 0x3fU));
    put(0x80U | ((code_point >> 6U) & 0x3fU));
    put(0x80U | (code_point & 0x3fU));
  }
}

}  // namespace base
