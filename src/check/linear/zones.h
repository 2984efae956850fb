// SPDX-License-Identifier: Apache-2.0
// Linearizability of one register whose written values all differ, after Gibbons & Korach, "Testing
// shared memories" (SIAM J. Computing 26, 1997), extended by blocks of cas. Internal to linear.
//
// A block's zone is the time between its earliest return and its latest call. If the return comes
// first (a forward zone), the value was there all that time. The blocks can be put into one order
// if and only if no two forward zones overlap and no backward zone lies inside a forward one:
//
//   ---[ 1 ]-------[ 2    ]------[ 3 ]--->      forward zones, apart
//         [4]  [5            ]                  backward: 4 can go before or behind 1, 5 behind 2
//                    [6]                        inside 2: there is no room for it
#pragma once

#include <optional>

#include "check/linear/facts.h"
#include "check/linear/violation.h"

namespace check::linear {

// A violation, or nothing if the history is linearizable.
// Requires: facts.unambiguous, and no facts.absurd.
std::optional<Violation> judge_by_zones(const KeyHistory& key, const Facts& facts);

}  // namespace check::linear
