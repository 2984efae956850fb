// SPDX-License-Identifier: Apache-2.0
// What a run draws from its seed, and whether its time has room for that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "check/plan/plan.h"
#include "check/run/options.h"

namespace check::run {

// What striking, observing and healing take beside a fault's length.
inline constexpr std::uint64_t kFaultOverheadMs = 300;

// Every random choice of a run comes from one of these.
struct Draws {
  std::uint64_t monitor = 0;
  std::uint64_t faults = 0;
  std::uint64_t work = 0;
};

// Both: require a seed.
Draws draws_of(const CheckOptions& options);
plan::Plan drawn_plan(const CheckOptions& options, const plan::Plan& plan);

// "plan 'standard' requires the faults 1 x kill, 1 x pause"
std::string required_faults(const plan::Plan& plan);

// The smallest --time with room for what the drawn plan requires; nothing if none has.
std::optional<std::uint64_t> seconds_needed(const plan::Plan& drawn, std::uint64_t election_ms);

// An error if the time has no room for the faults that the plan requires, however fast the system
// elects. Requires: plan::check_applicable(); a seed.
base::Status check_room(const CheckOptions& options, const plan::Plan& plan);

}  // namespace check::run
