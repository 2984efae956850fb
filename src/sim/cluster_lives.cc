// SPDX-License-Identifier: Apache-2.0
// How servers begin and end.
#include <algorithm>
#include <utility>

#include "base/prng.h"
#include "raft/describe.h"
#include "sim/port.h"

namespace sim {

void Cluster::on_not_started(Server& server, const base::Error& why) {
  note("  does not start: " + why.message);
  const bool may_try_again =
      why.code == base::ErrorCode::Io || why.code == base::ErrorCode::NoSpace;
  if (may_try_again) return;
  const raft::NodeId id = server.config.raft.self;
  // One place, a bit or a sector that is not the last, others can always send again.
  if (server.damages <= 1) {
    const char* what =
        server.damages == 0 ? " does not start: " : " does not start for one damage: ";
    return say("recovery", id, "n" + std::to_string(id.value) + what + why.message);
  }
  server.state = ServerState::Gone;
  judges_.on_gone(id);
}

void Cluster::on_findings(Server& server) {
  const std::vector<journal::Finding>& findings = server.replica->findings();
  for (const journal::Finding& finding : findings) {
    note("  finds damage: " + finding.sentence());
    const bool lost = finding.what.find("no good snapshot") != std::string::npos;
    if (lost) coverage_.hit(Probe::SnapshotLost);
  }
  coverage_.hit(Probe::DamageFound);
  if (std::exchange(server.found_damage, true)) coverage_.hit(Probe::DamageFoundAgain);
  if (server.damaged) return;
  const std::string who = "n" + std::to_string(server.config.raft.self.value);
  say("recovery", server.config.raft.self,
      who + " finds damage where there is none: " + findings.front().sentence());
}

void Cluster::start(Server& server) {
  const raft::NodeId id = server.config.raft.self;
  server.life += 1;
  // As entropy would have it: another life draws other timeouts.
  server.config.raft.seed = base::Prng(setup_.seed + server.life).next();
  begin_turn(server);
  const std::uint64_t cuts = server.disk.cuts();
  const bool misdirects = server.disk.misdirecting();
  server.replica.reset();
  server.expired = 0;
  server.machine.emplace(setup_.sessions, [this, id, &server](const raft::Entry& entry) {
    if (server.fuse.dead()) return;
    const std::string wrong = clients_.apply(entry);
    if (!wrong.empty()) say("once", id, wrong);
  });
  server.config.raft.life += 1;
  base::Result<replica::Replica> opened = replica::Replica::open(
      {server.disk, server.machine->top(), *ports_[id.value - 1]}, server.config);
  syncs_ += server.disk.syncs() - server.turn_syncs;
  if (server.fuse.dead()) {
    coverage_.hit(Probe::CrashInRecovery);
    note("  loses its power in recovery");
    server.disk.crash(server.survival, server.survival_seed);
    server.fuse.renew();
    return;
  }
  if (!opened.ok()) return on_not_started(server, opened.error());
  if (server.disk.cuts() > cuts) coverage_.hit(Probe::TornTailCut);
  server.replica.emplace(std::move(opened).value());
  server.state = ServerState::Up;
  // It has read everything, and what was damaged is void or written again.
  server.damages = misdirects ? Server::kMisdirected : 0;
  if (!server.replica->findings().empty()) on_findings(server);
  const raft::Node& node = server.replica->node();
  if (!server.damaged && node.floor() != raft::EntryId{}) {
    say("recovery", id,
        "n" + std::to_string(id.value) + " takes what was never damaged for lost, up to " +
            raft::describe(node.floor()));
  }
  hash_.mix(node.term().value());
  hash_.mix(node.last().index.value());
  if (trace_) {
    note("  starts in term " + std::to_string(node.term().value()) + " with last entry " +
         raft::describe(node.last()));
  }
  if (server.replica->snapshot()) coverage_.hit(Probe::SnapshotRestored);
  server.durable_term = node.term();
  judges_.on_started(*server.replica);
  judge_state(server);
  if (witness_) witness_->on_started(id, node.floor() != raft::EntryId{}, action_);
  if (applied_) applied_(id, nullptr);
}

// A leader sent it a snapshot, which is its state now.
void Cluster::install(Server& server, raft::EntryId last) {
  coverage_.hit(Probe::SnapshotInstalled);
  if (trace_) note("  installs a snapshot up to " + raft::describe(last));
  judges_.on_installed(*server.replica, last);
  judge_state(server);
}

// Its state is what the entries that it stands for make, whoever has applied them.
void Cluster::judge_state(const Server& server) {
  const std::uint64_t index = server.replica->applied().value();
  if (violation() || index > judges_.applied().size()) return;
  if (server.machine->digest() == shadow_.digest_at(index, judges_.applied())) return;
  say("snapshot", server.config.raft.self,
      "n" + std::to_string(server.config.raft.self.value) + " has the state of index " +
          std::to_string(index) + " by a snapshot, but holds other values");
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
  if (up == 0 && power_cut) coverage_.hit(Probe::AllDown);
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
