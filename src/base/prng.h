// SPDX-License-Identifier: Apache-2.0
// The only source of randomness in deterministic code.
//
// Written here rather than taken from <random>, because the standard leaves the output of its
// distributions to each library: the same seed must give the same run on every machine.
#pragma once

#include <cstdint>

#include "base/check.h"

namespace base {

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
class Prng {
 public:
  explicit constexpr Prng(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t next() {
    std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15U);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
  }

  // Uniform in [low, high], both ends included.
  constexpr std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    CHECK(low <= high, low, high);
    const std::uint64_t width = high - low + 1;
    if (width == 0) return next();                     // The whole range.
    const std::uint64_t uneven = (0 - width) % width;  // 2^64 mod width: rejected, so no bias.
    std::uint64_t draw = next();
    while (draw < uneven) draw = next();
    return low + draw % width;
  }

  // A child stream: what it draws does not move this one.
  constexpr Prng fork() { return Prng(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace base
