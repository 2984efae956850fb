// SPDX-License-Identifier: Apache-2.0
#include "check/run/leader_turns.h"

#include <algorithm>

namespace check::run {

namespace {

using history::NodeId;
using std::chrono::milliseconds;

constexpr milliseconds kPoll{20};
constexpr std::uint64_t kLeastLimitMs = 3000;
constexpr std::uint64_t kLimitElections = 5;

}  // namespace

LeaderTurns::LeaderTurns(Cluster& cluster, faults::ProcessFaults& processes,
                         faults::MemberFaults* members, std::uint64_t election_ms)
    : cluster_(cluster),
      processes_(processes),
      members_(members),
      limit_(static_cast<std::int64_t>(std::max(kLeastLimitMs, kLimitElections * election_ms))),
      tries_left_(cluster.config.nodes()) {
  if (const auto leader = cluster_.board.leader()) note(*leader);
}

// Whether it had not led before.
bool LeaderTurns::note(NodeId leader) {
  if (std::ranges::find(led_, leader.value) != led_.end()) return false;
  led_.push_back(leader.value);
  return true;
}

bool LeaderTurns::next() {
  const std::uint32_t majority = cluster_.config.nodes() / 2 + 1;
  while (led_.size() < majority && tries_left_ > 0 && !cluster_.stop.requested()) {
    tries_left_ -= 1;
    const auto leader = await_leader(cluster_, limit_);
    if (!leader.ok()) return false;
    if (!hand_over(leader.value()) && !pause(leader.value())) return false;
    const auto heir = await_leader(cluster_, limit_);
    if (!heir.ok() || !await_ready(cluster_, limit_).ok()) return false;
    if (note(heir.value())) return true;
  }
  return false;
}

// The next that has not led.
std::optional<NodeId> LeaderTurns::heir(NodeId leader) const {
  const std::uint32_t nodes = cluster_.config.nodes();
  for (std::uint32_t k = 0; k + 1 < nodes; ++k) {
    const std::uint32_t node = 1 + (leader.value + k) % nodes;
    if (std::ranges::find(led_, node) == led_.end()) return NodeId{node};
  }
  return std::nullopt;
}

bool LeaderTurns::another_leads(NodeId leader) const {
  const auto changed = [this, leader] {
    const auto now = cluster_.board.leader();
    return now && *now != leader;
  };
  return cluster_.stop.wait_until(changed, limit_, kPoll);
}

bool LeaderTurns::hand_over(NodeId leader) {
  const auto to = heir(leader);
  const bool can = members_ != nullptr && cluster_.config.capabilities().transfer && to;
  return can && members_->transfer(*to).ok() && another_leads(leader);
}

bool LeaderTurns::pause(NodeId leader) {
  const faults::ProcessFaults::Nodes nodes = {leader};
  const bool paused = processes_.begin(plan::FaultKind::Pause, nodes).ok();
  const bool changed = paused && another_leads(leader);
  return processes_.end(plan::FaultKind::Pause, nodes).ok() && changed;
}

}  // namespace check::run
