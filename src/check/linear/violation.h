// SPDX-License-Identifier: Apache-2.0
// A proof that one key's history is not linearizable. Internal to linear.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "check/history/operation.h"

namespace check::linear {

// Names an operation by its position in the whole history.
using Position = std::uint32_t;
constexpr Position kNobody = std::numeric_limits<Position>::max();

// Where an operation lies on the line of time; 0 is before, kEver after all of them.
constexpr std::uint64_t kEver = std::numeric_limits<std::uint64_t>::max();

// Moments of which some are spread (turns.h); the last of all take their turns at once.
inline std::uint64_t place_of(history::Moment moment, std::uint64_t turns) {
  const std::uint64_t time = std::min(moment.value(), kEver - 2);
  return time + std::min(turns, kEver - 2 - time) + 1;
}

inline std::uint64_t call_of(const history::Operation& operation) {
  return place_of(operation.called, operation.turns_before_call);
}

inline std::uint64_t return_of(const history::Operation& operation) {
  if (operation.outcome == history::Outcome::Info || !operation.returned) return kEver;
  return place_of(*operation.returned, operation.turns_before_return);
}

// Intervals are closed: operations that touch are concurrent.
inline bool precedes(const history::Operation& early, const history::Operation& late) {
  return return_of(early) < call_of(late);
}

struct Violation {
  std::uint64_t known_at = 0;  // When the last operation of the proof began: the earliest is told.
  std::string sentence;
  std::vector<Position> proof;
};

// One key's share of the history.
struct KeyHistory {
  std::span<const history::Operation> all;
  std::span<const Position> members;
};

}  // namespace check::linear
