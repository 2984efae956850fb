// SPDX-License-Identifier: Apache-2.0
#include "kv/key_hash.h"

#include <bit>
#include <cstddef>
#include <cstring>

namespace kv {
namespace {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void add(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

// Up to eight bytes, little-endian.
std::uint64_t word_of(std::string_view bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return word;
}

}  // namespace

std::uint64_t siphash(std::uint64_t k0, std::uint64_t k1, std::string_view bytes) {
  State state{k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU, k0 ^ 0x6c7967656e657261U,
              k1 ^ 0x7465646279746573U};
  const std::uint64_t length = bytes.size();
  while (bytes.size() >= 8) {
    state.add(word_of(bytes.substr(0, 8)));
    bytes.remove_prefix(8);
  }
  state.add(word_of(bytes) | (length << 56U));
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::uint64_t key_hash(std::string_view key) {
  constexpr std::uint64_t k0 = 0x796874726f776165U;
  constexpr std::uint64_t k1 = 0x73756f6974756173U;
  return siphash(k0, k1, key) >> (64U - kKeyHashBits);
}

}  // namespace kv
