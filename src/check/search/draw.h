// SPDX-License-Identifier: Apache-2.0
// Drawing one of several.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/prng.h"

namespace check::search {

template <class Range>
const auto& one_of(const Range& range, base::Prng& prng) {
  CHECK(!std::empty(range));
  const std::uint64_t place = prng.between(0, std::size(range) - 1);
  return *std::next(std::begin(range), static_cast<std::ptrdiff_t>(place));
}

// So many times in a hundred.
inline bool percent(std::uint64_t chance, base::Prng& prng) {
  return prng.between(1, 100) <= chance;
}

// A place in `weights`, each as likely as its weight. Requires: their sum is not zero.
inline std::size_t weighted(const std::vector<std::uint64_t>& weights, base::Prng& prng) {
  std::uint64_t sum = 0;
  for (const std::uint64_t weight : weights) sum += weight;
  CHECK(sum > 0);
  std::uint64_t left = prng.between(0, sum - 1);
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (left < weights[k]) return k;
    left -= weights[k];
  }
  return weights.size() - 1;
}

}  // namespace check::search
