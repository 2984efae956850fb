// SPDX-License-Identifier: Apache-2.0
// All of a part's state that can make a difference to any future, as one number, as it would be
// with the servers renamed. What is left out: timers and random draws, which no action depends on
// (server.h); counters of steps, of which only their order counts; reads, which are not explored.
#pragma once

#include <cstdint>

#include "explore/history.h"
#include "explore/renaming.h"
#include "explore/server.h"

namespace explore {

std::uint64_t fingerprint(const Server& server, Renaming renamed);
std::uint64_t fingerprint(const Flight& flight, Renaming renamed);
std::uint64_t fingerprint(const History& history, Renaming renamed);
std::uint64_t fingerprint(const Facts& facts, Renaming renamed);

}  // namespace explore
