// SPDX-License-Identifier: Apache-2.0
// Majorities, and what they agree on: the one place where votes, stored entries and answers to
// reads are counted.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "base/check.h"
#include "mutant/mutant.h"
#include "raft/types.h"

namespace raft {

// More than any cluster needs: every additional voter makes it slower.
inline constexpr std::size_t kMaxVoters = 32;

// The greatest value that a majority of `voters` has reached, if `reached(id)` tells for each what
// it has. Not more than a majority's least: half is not enough.
//
// Requires: `voters` has 1..kMaxVoters members and none twice.
template <class Reached>
auto majority_reached(std::span<const NodeId> voters, Reached reached) {
  CHECK(!voters.empty());
  CHECK(voters.size() <= kMaxVoters, voters.size());
  std::array<decltype(reached(voters.front())), kMaxVoters> values{};
  std::ranges::transform(voters, values.begin(), reached);
  const auto end = values.begin() + static_cast<std::ptrdiff_t>(voters.size());
  // Highest first: the voters at 0..middle are a smallest majority, and all have reached at least
  // what the last of them has.
  const std::size_t below = MUTANT(HalfIsAMajority) ? (voters.size() - 1) / 2 : voters.size() / 2;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::ranges::nth_element(values.begin(), middle, end, std::ranges::greater());
  return *middle;
}

// Does `holds(id)` hold for a majority of `voters`?
template <class Holds>
bool is_majority(std::span<const NodeId> voters, Holds holds) {
  return 2 * static_cast<std::size_t>(std::ranges::count_if(voters, holds)) > voters.size();
}

}  // namespace raft
