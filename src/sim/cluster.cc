// SPDX-License-Identifier: Apache-2.0
#include "sim/cluster.h"

#include <utility>

#include "base/check.h"
#include "raft/describe.h"
#include "sim/port.h"
#include "sim/scenario.h"

namespace sim {

namespace {

replica::Config config_of(const Setup& setup, std::uint32_t id) {
  replica::Config config;
  config.raft.self = {id};
  std::vector<raft::NodeId> voters;
  for (std::uint32_t other = 1; id <= setup.nodes && other <= setup.nodes; ++other) {
    voters.push_back({other});
  }
  config.raft.initial = raft::configuration_of(voters);
  config.raft.election_ticks_min = static_cast<std::uint32_t>(setup.election_ticks_min);
  config.raft.election_ticks_max = static_cast<std::uint32_t>(setup.election_ticks_max);
  config.raft.heartbeat_ticks = static_cast<std::uint32_t>(setup.heartbeat_ticks);
  config.raft.max_append_bytes = setup.max_append_bytes;
  config.raft.max_inflight_messages = static_cast<std::uint32_t>(setup.max_inflight);
  config.raft.max_inflight_bytes = setup.max_inflight_bytes;
  config.raft.max_uncommitted_bytes = setup.max_uncommitted_bytes;
  config.raft.snapshot_chunk_bytes = setup.chunk_bytes;
  config.raft.max_kept_bytes = setup.max_kept_bytes;
  config.raft.max_promotion_lag = setup.promotion_lag;
  config.raft.lease.on = setup.lease > 0;
  config.raft.lease.drift_per_mille = static_cast<std::uint32_t>(setup.lease) - 1;
  config.snapshots = {.log_bytes = setup.snapshot_bytes,
                      .log_entries = setup.snapshot_entries,
                      .keep_entries = setup.keep_entries,
                      .keep_bytes = setup.keep_bytes,
                      .piece_bytes = setup.piece_bytes};
  const bool mapped = (setup.mapped >> (id - 1) & 1U) != 0;
  config.journal.kind = mapped ? journal::Kind::Mapped : journal::Kind::Segments;
  config.journal.mark_bytes = 600;
  config.journal.node = {id};
  config.journal.segment_bytes = setup.segment_bytes;
  config.journal.prepare_bytes = 2048;
  config.max_waiting = setup.max_waiting;
  return config;
}

}  // namespace

Cluster::Cluster(const Setup& setup)
    : setup_(setup),
      judges_(static_cast<std::uint32_t>(setup.nodes + setup.spares),
              static_cast<std::uint32_t>(setup.nodes)),
      clients_(setup.clients, setup.sessions > 0, setup.value_bytes),
      shadow_(setup.sessions) {
  if (setup.witness != 0) witness_.emplace();
  for (std::uint32_t id = 1; id <= setup.nodes + setup.spares; ++id) {
    servers_.push_back(std::make_unique<Server>(config_of(setup, id), hash_));
    ports_.push_back(std::make_unique<Port>(*this, *servers_.back()));
  }
}

Cluster::~Cluster() = default;

std::optional<raft::NodeId> Cluster::find_leader() const {
  std::optional<raft::NodeId> leader;
  for (const auto& server : servers_) {
    if (!server->replica || server->replica->node().role() != raft::Role::Leader) continue;
    const raft::Node& node = server->replica->node();
    if (!leader || this->server(*leader).replica->node().term() < node.term()) leader = node.id();
  }
  return leader;
}

bool Cluster::is_member(raft::NodeId id) const {
  const std::optional<raft::NodeId> leader = find_leader();
  return leader && judges_.configuration(*leader).find(id) != nullptr;
}

void Cluster::note(const std::string& line) const {
  if (trace_) trace_(line);
}

void Cluster::act(const Action& action) {
  if (watch_.before) watch_.before(action);
  do_it(action);
  if (watch_.after) watch_.after(action);
}

void Cluster::do_it(const Action& action) {
  action_ = action.number != 0 ? action.number : action_ + 1;
  outbox_.clear();
  answers_.clear();
  syncs_ = 0;
  hash_.mix(static_cast<std::uint64_t>(action.kind) << 32U | action.node.value);
  if (violation()) return;
  if (trace_) note(sim::describe(action));
  Server& server = at(action.node);
  const bool up = server.state == ServerState::Up;
  switch (action.kind) {
    case ActionKind::Tick:
      if (up) tick(server, action);
      break;
    case ActionKind::Deliver:
      deliver(server, action);
      break;
    case ActionKind::Ask:
    case ActionKind::Retry:
      ask(server, action);
      break;
    case ActionKind::Change:
    case ActionKind::Transfer:
    case ActionKind::Snapshot:
      if (up) wish(server, action);
      break;
    case ActionKind::GiveUp:
      if (const auto answer = clients_.give_up(action.question.client)) answers_.push_back(*answer);
      break;
    case ActionKind::Crash:
      crash(server, action.survival, action.seed);
      break;
    case ActionKind::Kill:
      if (up) kill(server);
      break;
    case ActionKind::Start:
      if (server.state == ServerState::Down) start(server);
      break;
    case ActionKind::ArmDeath:
      server.fuse.arm_death(action.count);
      server.survival = action.survival;
      server.survival_seed = action.seed;
      break;
    case ActionKind::ArmError:
      server.fuse.arm_error(action.count);
      break;
    case ActionKind::ArmFull:
      server.fuse.arm_full(action.count);
      break;
    case ActionKind::Disarm:
      server.fuse.disarm();
      break;
    case ActionKind::Flip:
      server.damage(server.disk.damage(action.seed));
      break;
    case ActionKind::Spoil:
      server.damage(server.disk.spoil(action.seed));
      break;
    case ActionKind::Misdirect:
      server.disk.misdirect(action.seed);
      server.damaged = true;
      server.damages += Server::kMisdirected;
      break;
  }
}

void Cluster::begin_turn(Server& server) { server.turn_syncs = server.disk.syncs(); }

void Cluster::tick(Server& server, const Action& action) {
  for (std::uint64_t i = 1; i <= action.count && server.state == ServerState::Up; ++i) {
    inputs_ += 1;
    begin_turn(server);
    judges_.on_tick(action.node);
    const std::uint64_t missed = i == 1 ? action.missed : 0;
    if (missed > 0) coverage_.hit(Probe::TicksMissed);
    input(server, raft::LogIndex(UINT64_MAX),
          [missed](replica::Replica& replica) { replica.tick(missed); });
    if (!server.fuse.dead()) judges_.judge_time(server.replica->node());
    if (server.fuse.dead()) {
      die(server);
    } else if (!action.more || i < action.count) {
      finish(server);
    }
  }
}

void Cluster::finish_unless_more(Server& server, const Action& action) {
  if (server.fuse.dead()) {
    die(server);
  } else if (!action.more) {
    finish(server);
  }
}

void Cluster::finish(Server& server) {
  const Before was = before(*server.replica);
  judges_.begin(*server.replica, raft::LogIndex(UINT64_MAX));
  const Housekeeping kept = housekeeping(server);
  const base::Status done = server.replica->finish_turn();
  syncs_ += server.disk.syncs() - server.turn_syncs;
  if (server.fuse.dead()) return die(server);
  if (!done.ok()) return fail(server, done.error());
  judges_.on_input(was, *server.replica);
  server.durable_term = server.replica->node().term();
  probe_input(was, server.replica->node());
  probe_housekeeping(server, kept);
  if (server.replica->waiting() > 0) probe_proposal(server.replica->node());
}

void Cluster::deliver(Server& server, const Action& action) {
  if (action.slot >= flights_.size()) return;
  Flight& flight = flights_[action.slot];
  if (flight.to != action.node) return;
  std::optional<raft::Message> message = receive(flight, action);
  if (!message || server.state != ServerState::Up) return;
  const raft::NodeId from = flight.from;
  inputs_ += 1;
  begin_turn(server);
  raft::LogIndex touched(UINT64_MAX);
  if (const auto* append = std::get_if<raft::AppendEntries>(&*message)) {
    touched = raft::LogIndex(append->previous.index.value() + 1);
  }
  if (trace_) note("  receives " + raft::describe(*message));
  probe_request(server.replica->node(), from, *message);
  const Before was = before(*server.replica);
  if (const auto* reply = std::get_if<raft::AppendReply>(&*message)) {
    judges_.on_heard(server.replica->node(), from, reply->term);
  } else if (const auto* taken = std::get_if<raft::SnapshotReply>(&*message)) {
    judges_.on_heard(server.replica->node(), from, taken->term);
  }
  input(server, touched, [&](replica::Replica& replica) { replica.receive(from, *message); });
  if (server.fuse.dead()) return die(server);
  judges_.on_received(was, server.replica->node(), from, *message);
  probe_message(was, server, from, *message);
  if (!action.more) finish(server);
}

std::string judge_clients(Cluster& cluster) {
  const check::verdict::Finding finding = judge_history(cluster.clients().operations());
  if (finding.verdict == check::verdict::Verdict::Invalid) {
    cluster.say("linear", {}, finding.sentence);
  }
  return finding.verdict == check::verdict::Verdict::Unknown ? finding.sentence : std::string();
}

}  // namespace sim
