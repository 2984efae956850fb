// SPDX-License-Identifier: Apache-2.0
// After the faults: a correct cluster comes to rest, and the history of its clients has an order.
#include "sim/rest.h"
#include "sim/world.h"

namespace sim {

namespace {

// In longest election timeouts, with all that a slow network and slow disks need.
constexpr std::uint64_t kPatience = 60;

}  // namespace

void World::run_to_rest() {
  heal_all();
  const std::uint64_t round = 2 * options_.delay_max + 4 * options_.sync_max + options_.tick;
  const std::uint64_t until =
      now_ + options_.timeout +
      kPatience * (options_.setup.election_ticks_max * options_.tick + round);
  std::uint64_t look = 0;
  while (!cluster_.violation()) {
    on_event(queue_.pop());
    if (++look % 16 == 0 && is_at_rest()) break;
    if (now_ > until) {
      cluster_.say("liveness", {}, missing());
      break;
    }
  }
  if (!cluster_.violation()) judge_end();
}

// A leader, each client served, all servers have applied the same.
bool World::is_at_rest() const { return missing().empty(); }

std::string World::missing() const {
  const std::optional<raft::NodeId> leader = cluster_.find_leader();
  if (!leader) return "no leader long after all faults healed";
  for (std::size_t i = 0; i < people_.size(); ++i) {
    if (people_[i].served < kServings) {
      return "client " + std::to_string(i + 1) + " was not served long after all faults healed";
    }
  }
  for (std::uint32_t id = 1; id <= hosts_.size(); ++id) {
    const Server& server = cluster_.server({id});
    if (server.state == ServerState::Gone || !cluster_.is_member({id})) continue;
    const std::string who = "n" + std::to_string(id);
    if (!server.replica) return who + " is not up long after all faults healed";
    if (server.replica->applied().value() < cluster_.judges().applied().size()) {
      return who + " has not applied what others have, long after all faults healed";
    }
  }
  return {};
}

void World::judge_end() {
  if (const std::string what = disagreement(cluster_); !what.empty()) {
    return cluster_.say("convergence", {}, what);
  }
  unknown_ = judge_clients(cluster_);
}

check::verdict::Verdict World::verdict() const {
  if (cluster_.violation()) return check::verdict::Verdict::Invalid;
  return unknown_.empty() ? check::verdict::Verdict::Valid : check::verdict::Verdict::Unknown;
}

std::optional<Violation> World::violation() const {
  std::optional<Violation> violation = cluster_.violation();
  if (violation) {
    violation->event = cluster_.actions();
    violation->time_us = violation_time_;
  }
  return violation;
}

}  // namespace sim
