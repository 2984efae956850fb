// SPDX-License-Identifier: Apache-2.0
// Many words to one of 64 bits, for telling states apart; not for anything an adversary writes.
#pragma once

#include <cstdint>

namespace explore {

// The finaliser of SplitMix64: a bijection in which every bit of the input reaches every bit.
constexpr std::uint64_t mixed(std::uint64_t word) {
  word += 0x9e3779b97f4a7c15U;
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9U;
  word = (word ^ (word >> 27)) * 0x94d049bb133111ebU;
  return word ^ (word >> 31);
}

class Digest {
 public:
  // What kind of thing follows: equal words of different kinds do not meet.
  constexpr explicit Digest(std::uint64_t kind) : state_(mixed(kind)) {}
  constexpr void add(std::uint64_t word) { state_ = mixed(state_ ^ mixed(word)); }
  constexpr std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_;
};

}  // namespace explore
