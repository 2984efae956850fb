// SPDX-License-Identifier: Apache-2.0
// What came of an exploration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "explore/bounds.h"
#include "explore/server.h"

namespace explore {

enum class Finish : std::uint8_t {
  Violated,   // A rule was broken; by a shortest list of actions.
  Exhausted,  // There is nothing more within the bounds.
  Depth,      // All of this depth was seen, and there is more behind.
  Memory,     // Full before that.
  Stopped     // By who watched.
};

struct Progress {
  std::uint32_t depth = 0;  // All states up to here were seen.
  std::uint64_t states = 0;
  std::uint64_t actions = 0;
  std::uint64_t waiting = 0;  // States not yet expanded.
};

struct Report {
  Bounds bounds;
  Finish finish = Finish::Exhausted;
  Progress progress;
  std::vector<std::uint64_t> by_depth;  // New states at each depth that is complete.
  std::uint64_t crowded = 0;            // Actions that the bound on messages in flight forbade.
  std::uint64_t server_states = 0;      // Distinct ones; so are messages and steps.
  std::uint64_t messages = 0;
  std::uint64_t steps = 0;  // Times that the core ran; of one worker if there are many.
  // Of all states together; the same for the same bounds, however many workers there are, if the
  // exploration ended by Exhausted or Depth.
  std::uint64_t hash = 0;
  std::optional<Violation> violation;
  std::vector<std::string> trace;  // To the violation, one line an action and what it did.
};

// "Within the bounds there is nothing more to see." and the like, of a line each.
std::string describe(Finish finish);
std::string describe(Disks disks);
std::string describe(const Bounds& bounds);

}  // namespace explore
