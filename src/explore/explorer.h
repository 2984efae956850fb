// SPDX-License-Identifier: Apache-2.0
// Every state that a small cluster of our own core can get into, level by level: so the first
// broken rule that is found has a shortest way to it.
//
//   const Report report = run(bounds, 2, crew, watch);
//
// Nothing here has a clock or a thread. Who calls lends threads, and says when it is enough.
#pragma once

#include <cstdint>
#include <functional>

#include "explore/report.h"

namespace explore {

// Calls work(0), ..., work(jobs - 1), perhaps at the same time, and returns when all have returned.
using Crew =
    std::function<void(std::uint32_t jobs, const std::function<void(std::uint32_t)>& work)>;
// Is told how far it is, every few thousand states; false: stop.
using Watch = std::function<bool(const Progress&)>;

// One after the other.
void work_alone(std::uint32_t jobs, const std::function<void(std::uint32_t)>& work);
bool watch_nothing(const Progress& progress);

// Requires: 2 <= nodes <= kMaxServers; flights <= kMaxFlights; jobs > 0.
Report run(const Bounds& bounds, std::uint32_t jobs, const Crew& crew, const Watch& watch);

}  // namespace explore
