// SPDX-License-Identifier: Apache-2.0
// The explorer's work once more, in the plainest way: whole servers, states told apart by their
// full text, no numbers, no fingerprints, nothing remembered of a step. Tests only.
#pragma once

#include <cstdint>
#include <vector>

#include "explore/bounds.h"

namespace explore {

// How many states there are at each depth from 0 to bounds.depth that no lower depth has; with
// bounds.symmetry, of those that differ in the servers' names only, one.
std::vector<std::uint64_t> count_by_brute_force(const Bounds& bounds);

}  // namespace explore
