// SPDX-License-Identifier: Apache-2.0
#include "raft/test_cluster.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"

namespace raft {

Payload make_payload(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

TestCluster::TestCluster(std::uint32_t count, const Config& base) {
  std::vector<NodeId> voters;
  for (std::uint32_t id = 1; id <= count; ++id) voters.push_back({id});
  for (const NodeId id : voters) {
    Config config = base;
    config.self = id;
    config.voters = voters;
    servers_[id].config = config;
    restart(id);
  }
}

std::vector<NodeId> TestCluster::ids() const {
  std::vector<NodeId> ids;
  for (const auto& [id, server] : servers_) ids.push_back(id);
  return ids;
}

std::optional<NodeId> TestCluster::find_leader() const {
  std::optional<NodeId> leader;
  for (const auto& [id, server] : servers_) {
    if (!server.node || server.node->role() != Role::Leader) continue;
    if (!leader || node(*leader).term() < server.node->term()) leader = id;
  }
  return leader;
}

void TestCluster::note(NodeId id, const std::string& line) {
  trace_.push_back("n" + std::to_string(id.value) + " " + line);
}

void TestCluster::send(NodeId from, const Envelope& envelope) {
  safety_.on_sent(from, envelope);
  if (std::ranges::find(cut_, std::pair(from, envelope.to)) != cut_.end()) return;
  wire_.push_back({from, envelope});
}

void TestCluster::step(NodeId id, const Input& input) {
  Server& server = servers_.at(id);
  if (!server.node) return;
  step_once(server, input);
  if (server.syncs_at_once) persist_all(id);
}

void TestCluster::step_once(Server& server, const Input& input) {
  const NodeId id = server.config.self;
  Node& node = *server.node;
  const Safety::Before before{node.role(), node.term(), node.commit()};
  const StepNumber step_before = node.last_step();
  const Effects effects = node.step(input);

  node.check_invariants();
  CHECK(effects.step == (effects.must_sync() ? step_before.next() : step_before), effects.step);
  safety_.on_step(before, node, effects);
  if (before.role != node.role() || before.term != node.term()) {
    note(id, "is " + describe(node.role()) + " of term " + std::to_string(node.term().value()));
  }
  for (const std::string& line : describe(effects)) note(id, line);

  if (effects.must_sync()) server.unsynced.push_back(effects);
  for (const Envelope& envelope : effects.send_now) send(id, envelope);
  for (const Held<Envelope>& held : effects.send_durable) server.held.push_back(held);
  std::ranges::copy(effects.readable, std::back_inserter(server.readable));
  std::ranges::copy(effects.unreadable, std::back_inserter(server.unreadable));
}

void TestCluster::persist(NodeId id, StepNumber until) {
  Server& server = servers_.at(id);
  while (!server.unsynced.empty() && server.unsynced.front().step <= until) {
    const Effects& record = server.unsynced.front();
    if (record.save) server.hard_state = *record.save;
    if (record.truncate_from) server.log.resize(record.truncate_from->value() - 1);
    std::ranges::copy(record.append, std::back_inserter(server.log));
    server.unsynced.pop_front();
  }
  const Receipt receipt = TestReceipt::of(until);
  std::vector<Held<Envelope>> open;
  for (const Held<Envelope>& held : std::exchange(server.held, {})) {
    (held.opens_for(receipt) ? open : server.held).push_back(held);
  }
  for (const Held<Envelope>& held : open) {
    note(id, describe(held.open(receipt)));
    send(id, held.open(receipt));
  }
  step_once(server, Persisted{receipt});
}

void TestCluster::persist_all(NodeId id) {
  const Server& server = servers_.at(id);
  // What a receipt sets off may be synced at once in its turn.
  while (!server.unsynced.empty()) {
    persist(id, server.unsynced.back().step);
    if (!server.syncs_at_once) break;
  }
}

void TestCluster::crash(NodeId id) {
  Server& server = servers_.at(id);
  server.node.reset();
  server.unsynced.clear();
  server.held.clear();
  note(id, "is down");
}

void TestCluster::restart(NodeId id) {
  Server& server = servers_.at(id);
  server.node.emplace(server.config, server.hard_state, server.log);
  server.node->check_invariants();
}

void TestCluster::restart_with(NodeId id, const HardState& hard_state,
                               const std::vector<Term>& log) {
  Server& server = servers_.at(id);
  server.hard_state = hard_state;
  server.log.clear();
  for (const Term term : log) {
    const EntryId entry{term, LogIndex(server.log.size() + 1)};
    server.log.push_back({entry, EntryKind::Command, make_payload(describe(entry))});
  }
  restart(id);
}

std::optional<TestCluster::Flight> TestCluster::take(NodeId from, NodeId to, std::size_t nth) {
  for (auto flight = wire_.begin(); flight != wire_.end(); ++flight) {
    if (flight->from != from || flight->envelope.to != to || nth-- > 0) continue;
    const Flight taken = *flight;
    wire_.erase(flight);
    return taken;
  }
  return std::nullopt;
}

void TestCluster::deliver(const Flight& flight) {
  step(flight.envelope.to, Receive{flight.from, flight.envelope.message});
}

void TestCluster::settle() {
  constexpr int kEndless = 100'000;
  for (int delivered = 0; !wire_.empty(); ++delivered) {
    CHECK(delivered < kEndless, delivered);
    const Flight flight = wire_.front();
    wire_.pop_front();
    deliver(flight);
  }
}

void TestCluster::time_out(NodeId id) {
  const Server& server = servers_.at(id);
  for (std::uint32_t tick = 0; tick <= server.config.election_ticks_max; ++tick) {
    const Role before = server.node->role();
    step(id, Tick{});
    const bool asks = server.node->role() != Role::Follower && server.node->role() != Role::Leader;
    if (asks && server.node->role() != before) return;
  }
}

}  // namespace raft
