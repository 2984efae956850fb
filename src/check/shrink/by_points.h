// SPDX-License-Identifier: Apache-2.0
// A recorded run as a plan that strikes at the same points of another run, not at the same times.
//
//   recorded    clients . . . .  . . [kill leader        ] . . .
//                        4 acks      |  1 leader, 2 acks |
//   the plan    at = { turn = 1, acknowledged = 6 }, until = { turn = 2, acknowledged = 2, leaders
//   = 1 }
//
// Of the time nothing is kept but what passed since the last counted event: where nothing happens,
// as in a cluster without a majority, time is the only point there is. docs/replay.md
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "check/history/node_id.h"
#include "check/history/operation.h"
#include "check/plan/plan.h"

namespace check::shrink {

using history::Moment;

// A step of the plan, as it was carried out.
struct Strike {
  std::uint32_t lane = 0;  // From 1, as is the step.
  std::uint32_t step = 0;
  std::optional<history::NodeId> leader = {};
  Moment armed = {};
  Moment fired = {};   // Not before armed,
  Moment healed = {};  // nor this before that.
};

struct Recorded {
  Moment began;  // The clients.
  std::uint64_t election_timeout_ms = 1000;
  std::vector<Strike> strikes;
  std::vector<Moment> acknowledged;  // Operations; in order of time.
  std::vector<Moment> leaders;       // The first word of each; in order of time.
};

// The plan with what was struck, and nothing else; it requires nothing. Its rules stay as they are.
// Requires: the strikes name steps of the plan, each once; an election timeout.
plan::Plan by_points(const plan::Plan& plan, const Recorded& recorded);

}  // namespace check::shrink
