// SPDX-License-Identifier: Apache-2.0
// After the faults: one node after the other leads, so that what each has is read through it. Half
// of all divergences do not show while the leader stays the same.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "check/faults/member_faults.h"
#include "check/faults/process_faults.h"
#include "check/run/cluster_setup.h"

namespace check::run {

class LeaderTurns {
 public:
  // `members` is null if the target has none. `election_ms`: what an election takes.
  LeaderTurns(Cluster& cluster, faults::ProcessFaults& processes, faults::MemberFaults* members,
              std::uint64_t election_ms);

  // Until a majority of the nodes has led: makes another node lead, by the target's own transfer of
  // leadership if it has one, else by a pause of the leader that lasts until another leads. False:
  // a majority has led, or nobody else came to it in time. All nodes run and are ready afterwards.
  bool next();

  // In the order in which they led.
  const std::vector<std::uint32_t>& led() const { return led_; }

 private:
  bool note(history::NodeId leader);
  std::optional<history::NodeId> heir(history::NodeId leader) const;
  bool hand_over(history::NodeId leader);
  bool pause(history::NodeId leader);
  bool another_leads(history::NodeId leader) const;

  Cluster& cluster_;
  faults::ProcessFaults& processes_;
  faults::MemberFaults* members_;
  std::chrono::milliseconds limit_;  // For one change.
  std::uint32_t tries_left_;
  std::vector<std::uint32_t> led_;
};

}  // namespace check::run
