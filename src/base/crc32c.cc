// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace base {

namespace {

// One bit after the other; the polynomial is reversed, as the bits of each byte are.
constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) {
      rest = (rest >> 1U) ^ ((rest & 1U) != 0 ? 0x82f63b78U : 0U);
    }
    table[byte] = rest;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kTable = make_table();

#if defined(__x86_64__)
// The instruction takes three cycles for eight bytes, but another can begin in each of them. So
// three lanes, side by side, are walked at once, and joined: a lane's register is moved over the
// zeros that the next lane would have been, which is linear, hence a table for each of its bytes.
//
//   | a: kLaneBytes | b: kLaneBytes | c: kLaneBytes |     moved(moved(a) ^ b) ^ c
constexpr std::size_t kLaneBytes = 256;
using MoveTable = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr MoveTable make_move_table() {
  std::array<std::uint32_t, 32> moved_bits{};
  for (std::size_t bit = 0; bit < moved_bits.size(); ++bit) {
    std::uint32_t rest = std::uint32_t{1} << bit;
    for (std::size_t i = 0; i < kLaneBytes; ++i) rest = kTable[rest & 0xffU] ^ (rest >> 8U);
    moved_bits[bit] = rest;
  }
  MoveTable table{};
  for (std::size_t bit = 0; bit < moved_bits.size(); ++bit) {
    for (std::size_t value = 0; value < 256; ++value) {
      if ((value >> (bit % 8) & 1U) != 0) table[bit / 8][value] ^= moved_bits[bit];
    }
  }
  return table;
}

constexpr MoveTable kMoveTable = make_move_table();

std::uint32_t moved(std::uint64_t lane) {
  return kMoveTable[0][lane & 0xffU] ^ kMoveTable[1][lane >> 8U & 0xffU] ^
         kMoveTable[2][lane >> 16U & 0xffU] ^ kMoveTable[3][lane >> 24U & 0xffU];
}

__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::string_view bytes,
                                                               std::uint32_t before) {
  std::uint64_t rest = ~before;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  const auto add = [](std::uint64_t & lane, const char* from) __attribute__((target("sse4.2"))) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof(word));
    lane = __builtin_ia32_crc32di(lane, word);
  };
  for (; static_cast<std::size_t>(end - at) >= 3 * kLaneBytes; at += 3 * kLaneBytes) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t i = 0; i < kLaneBytes; i += 8) {
      add(rest, at + i);
      add(second, at + kLaneBytes + i);
      add(third, at + 2 * kLaneBytes + i);
    }
    rest = moved(moved(rest) ^ second) ^ third;
  }
  for (; end - at >= 8; at += 8) add(rest, at);
  auto narrow = static_cast<std::uint32_t>(rest);
  for (; at != end; ++at) {
    narrow = __builtin_ia32_crc32qi(narrow, static_cast<unsigned char>(*at));
  }
  return ~narrow;
}
#endif

}  // namespace

std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before) {
  std::uint32_t rest = ~before;
  for (const char c : bytes) {
    rest = kTable[(rest ^ static_cast<unsigned char>(c)) & 0xffU] ^ (rest >> 8U);
  }
  return ~rest;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return by_instruction(bytes, before);
#endif
  return crc32c_by_table(bytes, before);
}

}  // namespace base
