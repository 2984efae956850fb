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
  for (std::uint32_t other = 1; other <= setup.nodes; ++other) {
    config.raft.voters.push_back({other});
  }
  config.raft.election_ticks_min = static_cast<std::uint32_t>(setup.election_ticks_min);
  config.raft.election_ticks_max = static_cast<std::uint32_t>(setup.election_ticks_max);
  config.raft.heartbeat_ticks = static_cast<std::uint32_t>(setup.heartbeat_ticks);
  config.raft.max_append_bytes = setup.max_append_bytes;
  config.raft.max_inflight_messages = static_cast<std::uint32_t>(setup.max_inflight);
  config.raft.max_uncommitted_bytes = setup.max_uncommitted_bytes;
  config.journal.node = {id};
  config.journal.segment_bytes = setup.segment_bytes;
  config.max_waiting = setup.max_waiting;
  return config;
}

}  // namespace

Cluster::Cluster(const Setup& setup)
    : setup_(setup), judges_(static_cast<std::uint32_t>(setup.nodes)), clients_(setup.clients) {
  if (setup.witness != 0) witness_.emplace();
  for (std::uint32_t id = 1; id <= setup.nodes; ++id) {
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
      ask(server, action);
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
      if (server.disk.damage(action.seed)) server.damaged = true;
      break;
    case ActionKind::Misdirect:
      server.disk.misdirect(action.seed);
      server.damaged = true;
      break;
  }
}

void Cluster::begin_turn(Server& server) { server.turn_syncs = server.disk.syncs(); }

// `take` hands the input to the replica.
template <class Input>
void Cluster::input(Server& server, raft::LogIndex touched, Input take) {
  const Before was = before(*server.replica);
  judges_.begin(*server.replica, touched);
  take(*server.replica);
  if (server.fuse.dead()) return;
  judges_.on_input(was, *server.replica);
  probe_input(was, server.replica->node());
}

void Cluster::tick(Server& server, const Action& action) {
  for (std::uint64_t i = 1; i <= action.count && server.state == ServerState::Up; ++i) {
    inputs_ += 1;
    begin_turn(server);
    judges_.on_tick(action.node);
    input(server, raft::LogIndex(UINT64_MAX), [](replica::Replica& replica) { replica.tick(); });
    if (!server.fuse.dead()) judges_.judge_quorum(server.replica->node());
    if (server.fuse.dead()) {
      die(server);
    } else if (!action.more || i < action.count) {
      finish(server);
    }
  }
}

void Cluster::ask(Server& server, const Action& action) {
  const Question& question = action.question;
  if (clients_.waits(question.client)) return;
  const replica::RequestId id = clients_.ask(question, action.node, action_);
  committed_at_ask_.resize(setup_.clients);
  committed_at_ask_[question.client - 1] = judges_.committed();
  if (server.state != ServerState::Up) {  // Nobody is there to connect to.
    answer(server, id, replica::NotDone{});
    return;
  }
  inputs_ += 1;
  begin_turn(server);
  input(server, raft::LogIndex(UINT64_MAX), [&](replica::Replica& replica) {
    if (question.function == Function::Read) {
      const raft::Leader* leading = replica.node().find_leadership();
      const bool early =
          leading != nullptr &&
          replica.node().log().find_id(replica.node().commit())->term != replica.node().term();
      if (early) coverage_.hit(Probe::ReadWaitedForNoop);
      replica.read(id, kv::Get{key_name(question.key)}, std::nullopt);
    } else {
      replica.write(id, command(question));
    }
  });
  if (server.fuse.dead()) {
    die(server);
  } else if (!action.more) {
    finish(server);
  }
}

void Cluster::finish(Server& server) {
  const Before was = before(*server.replica);
  judges_.begin(*server.replica, raft::LogIndex(UINT64_MAX));
  const std::uint64_t segments = server.disk.made();
  const base::Status done = server.replica->finish_turn();
  if (server.disk.made() > segments) coverage_.hit(Probe::SegmentBegun);
  syncs_ += server.disk.syncs() - server.turn_syncs;
  if (server.fuse.dead()) return die(server);
  if (!done.ok()) return fail(server, done.error());
  judges_.on_input(was, *server.replica);
  probe_input(was, server.replica->node());
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
  }
  input(server, touched, [&](replica::Replica& replica) { replica.receive(from, *message); });
  if (server.fuse.dead()) return die(server);
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
