// SPDX-License-Identifier: Apache-2.0
// The periods in which one value is current, and the blocks that they form. Internal to linear.
//
// If every value is written at most once, the order of a key's operations is a row of eras: the
// operation that writes the value, then the readings of it. A cas from v to w begins w's era where
// v's ends, so eras that cas connect are a block that nothing can come between:
//
//   | write 1 ; read 1 ; read 1 | cas 1->2 ; read 2 | cas 2->3 |   | write 7 ; read 7 |
//   '---------------------- one block ------------------------'   '---- the next ----'
#pragma once

#include <optional>
#include <vector>

#include "check/linear/facts.h"
#include "check/linear/violation.h"

namespace check::linear {

struct Era {
  Position writer = kNobody;
  ValueId before = kNoValue;       // The value that the writer, a cas, replaced.
  ValueId after = kNoValue;        // The value that a cas replaced this one with.
  Position first_back = kNobody;   // Of the readings, the one that returned first...
  Position last_called = kNobody;  // ...and the one that was called last.
  ValueId root = kNoValue;         // The block's first value, and the place in the block.
  std::uint32_t place = 0;
};

// By value id.
using Eras = std::vector<Era>;

// Fills in all but `root` and `place`. Two cas that replaced one value are the violation.
// Requires: facts.unambiguous.
struct ErasOrViolation {
  Eras eras;
  std::optional<Violation> violation;
};
ErasOrViolation gather_eras(const KeyHistory& key, const Facts& facts);

}  // namespace check::linear
