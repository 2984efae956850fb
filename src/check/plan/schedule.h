// SPDX-License-Identifier: Apache-2.0
// Plan + seed -> steps. Every random choice about faults is made here, before anything starts.
#pragma once

#include <cstdint>
#include <optional>

#include "check/plan/plan.h"

namespace check::plan {

// An error if this many nodes make a part of the plan meaningless: a step that would strike
// nothing, a lane of which no fault would strike anything, or a rule about a node beyond them.
base::Status check_applicable(const Plan& plan, std::uint32_t nodes);

// The lanes with their faults dealt out: `count` steps in each lane that draws, orders of the nodes
// in all. The same plan, seed and numbers give the same steps.
//
// Faults that would strike nothing in a cluster of this size are left out; nodes of an order that
// do not exist, too.
//
// Requires: nodes > 0; check_applicable().
Plan drawn(const Plan& plan, std::uint64_t seed, std::uint32_t nodes, std::uint32_t count);

// The plan with only the steps that fit into `time_ms` when an election timeout takes
// `election_timeout_ms` and each fault takes `overhead_ms` beside its length; of each lane at
// least the first. Steps that the plan itself writes all stay: the run then takes longer.
Plan fitted(const Plan& plan, std::uint64_t time_ms, std::uint64_t election_timeout_ms,
            std::uint64_t overhead_ms);

// The smallest `time_ms` with which fitted() keeps all that the plan requires to have fired;
// nothing if even the whole of `drawn` has not got it. Requires: as fitted().
std::optional<std::uint64_t> time_needed(const Plan& drawn, std::uint64_t election_timeout_ms,
                                         std::uint64_t overhead_ms);

// Thousandths of an election timeout as milliseconds, at least 1 unless zero.
std::uint64_t milliseconds(std::uint32_t thousandths, std::uint64_t election_timeout_ms);

}  // namespace check::plan
