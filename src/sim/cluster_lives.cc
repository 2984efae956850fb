// SPDX-License-Identifier: Apache-2.0
// How servers begin and end.
#include <algorithm>
#include <utility>

#include "base/prng.h"
#include "raft/describe.h"
#include "sim/port.h"

namespace sim {

void Cluster::start(Server& server) {
  const raft::NodeId id = server.config.raft.self;
  server.life += 1;
  // As entropy would have it: another life draws other timeouts.
  server.config.raft.seed = base::Prng(setup_.seed + server.life).next();
  begin_turn(server);
  const std::uint64_t cuts = server.disk.cuts();
  base::Result<replica::Replica> opened =
      replica::Replica::open(server.disk, server.config, *ports_[id.value - 1]);
  syncs_ += server.disk.syncs() - server.turn_syncs;
  if (server.fuse.dead()) {
    coverage_.hit(Probe::CrashInRecovery);
    note("  loses its power in recovery");
    server.disk.crash(server.survival, server.survival_seed);
    server.fuse.renew();
    return;
  }
  if (!opened.ok()) {
    note("  does not start: " + opened.error().message);
    if (opened.error().code == base::ErrorCode::Io) return;  // It may try again.
    if (!server.damaged) {
      say("recovery", id,
          "n" + std::to_string(id.value) + " does not start: " + opened.error().message);
      return;
    }
    coverage_.hit(Probe::DamageFound);
    server.state = ServerState::Gone;
    judges_.on_gone(id);
    return;
  }
  if (server.disk.cuts() > cuts) coverage_.hit(Probe::TornTailCut);
  server.replica.emplace(std::move(opened).value());
  server.state = ServerState::Up;
  const raft::Node& node = server.replica->node();
  hash_.mix(node.term().value());
  hash_.mix(node.last().index.value());
  if (trace_) {
    note("  starts in term " + std::to_string(node.term().value()) + " with last entry " +
         raft::describe(node.last()));
  }
  judges_.on_started(*server.replica);
  if (witness_) witness_->on_started(id, action_);
  if (applied_) applied_(id, nullptr);
}

// What is left of it is on its disk.
void Cluster::stop(Server& server, bool power_cut) {
  const raft::NodeId id = server.config.raft.self;
  if (server.replica && server.replica->node().role() == raft::Role::Leader) {
    coverage_.hit(Probe::LeaderCrashed);
  }
  server.replica.reset();
  server.state = ServerState::Down;
  judges_.on_stopped(id);
  if (witness_) witness_->on_stopped(id, power_cut, action_);
  clients_.lose(id, answers_);
  const auto up = std::ranges::count_if(
      servers_, [](const auto& each) { return each->state == ServerState::Up; });
  if (2 * static_cast<std::size_t>(up) <= servers_.size()) coverage_.hit(Probe::MajorityDown);
}

void Cluster::kill(Server& server) {
  note("  its process ends");
  stop(server, false);
}

void Cluster::crash(Server& server, Survival survival, std::uint64_t seed) {
  if (server.state == ServerState::Gone) return;
  note("  loses its power");
  if (server.state == ServerState::Up) stop(server, true);
  if (server.disk.crash(survival, seed)) coverage_.hit(Probe::UnsyncedLost);
}

// The armed death came in the middle of what it did.
void Cluster::die(Server& server) {
  if (server.disk.dirty()) coverage_.hit(Probe::CrashBeforeSync);
  if (server.disk.syncs() > server.turn_syncs) coverage_.hit(Probe::CrashAfterSync);
  crash(server, server.survival, server.survival_seed);
  server.fuse.renew();
}

// As the server's program does: it stops, and is started again by somebody.
void Cluster::fail(Server& server, const base::Error& error) {
  coverage_.hit(error.message.find("no space") != std::string::npos ? Probe::DiskFull
                                                                    : Probe::SyncFailed);
  note("  stops: " + error.message);
  stop(server, false);
}

}  // namespace sim
