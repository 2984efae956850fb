// SPDX-License-Identifier: Apache-2.0
// Many seeds in child processes, so that one that ends in a failed CHECK, or never ends, costs only
// itself. Results come in order of seed, whoever found them first.
//
//   run_seeds ---fork---> child: seeds 1..64    ---line a seed---> pipe --+
//             ---fork---> child: seeds 65..128  ---line a seed---> pipe --+--> sorted --> sink
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "sim/shell/commands.h"
#include "sim/shell/result.h"

namespace sim::shell {

struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

using RunOne = std::function<SeedResult(std::uint64_t seed)>;
using Sink = std::function<void(const SeedResult& result)>;

// Requires: first <= last, jobs > 0.
base::Status run_seeds(const SeedRange& seeds, std::uint64_t jobs, const RunOne& run,
                       const Sink& sink);

}  // namespace sim::shell
