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

TestCluster::TestCluster(std::uint32_t count, const Config& base)
    : TestCluster(count, count, base) {}

TestCluster::TestCluster(std::uint32_t count, std::uint32_t voters, const Config& base) {
  std::vector<NodeId> first;
  for (std::uint32_t id = 1; id <= voters; ++id) first.push_back({id});
  for (std::uint32_t id = 1; id <= count; ++id) {
    Config config = base;
    config.self = {id};
    if (id <= voters) config.initial = configuration_of(first);
    servers_[{id}].config = config;
    restart({id});
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
  if (!server.syncs_at_once) return;
  persist_all(id);
  while (server.staged) {
    step_once(server, *std::exchange(server.staged, std::nullopt));
    persist_all(id);
  }
}

void TestCluster::step_once(Server& server, const Input& input) {
  const NodeId id = server.config.self;
  Node& node = *server.node;
  const Safety::Before before{node.role(), node.term(), node.commit()};
  const Configuration configuration = node.configuration();
  const StepNumber step_before = node.last_step();
  const bool is_quiet = std::holds_alternative<Tick>(input) && node.quiet_ticks() > 0;
  const Effects effects = node.step(input);

  node.check_invariants();
  CHECK(!is_quiet || (describe(effects).empty() && before.role == node.role()), id);
  CHECK(effects.step == (effects.must_sync() ? step_before.next() : step_before), effects.step);
  safety_.on_step(before, node, effects);
  if (before.role != node.role() || before.term != node.term()) {
    note(id, "is " + describe(node.role()) + " of term " + std::to_string(node.term().value()));
  }
  for (const std::string& line : describe(effects)) note(id, line);

  if (node.floor() == EntryId()) server.floor = {};
  if (effects.must_sync()) server.unsynced.push_back(effects);
  for (const Envelope& envelope : effects.send_now) send(id, envelope);
  for (const Held<Envelope>& held : effects.send_durable) server.held.push_back(held);
  if (before.role == Role::Leader && before.commit < node.commit()) {
    check_commit(server, configuration);
  }
  for (const SendChunk& chunk : effects.send_chunks) send_chunk(server, chunk);
  if (effects.stage) stage(server, *effects.stage);
  if (effects.drop_through) {
    const LogIndex index = *effects.drop_through;
    CHECK(index <= server.snapshots.rbegin()->first.index, index);
    for (const Entry& entry : server.log) {
      if (entry.id.index == index) server.base = entry.id;
    }
    CHECK(server.base.index >= index, server.base.index, index);
    std::erase_if(server.log, [index](const Entry& entry) { return entry.id.index <= index; });
  }
  std::ranges::copy(effects.readable, std::back_inserter(server.readable));
  std::ranges::copy(effects.unreadable, std::back_inserter(server.unreadable));
}

void TestCluster::persist(NodeId id, StepNumber until) {
  Server& server = servers_.at(id);
  while (!server.unsynced.empty() && server.unsynced.front().step <= until) {
    const Effects& record = server.unsynced.front();
    if (record.save) server.hard_state = *record.save;
    if (record.install) {
      const EntryId last = record.install->snapshot.last;
      const bool keeps = record.install->keeps_rest;
      std::erase_if(server.log, [&](const Entry& e) { return !keeps || e.id.index <= last.index; });
      server.base = last;
    }
    if (record.truncate_from) {
      server.log.resize(record.truncate_from->since(server.base.index) - 1);
    }
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
  if (server.staged) step_once(server, *std::exchange(server.staged, std::nullopt));
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
  server.staged.reset();
  note(id, "is down");
}

void TestCluster::restart(NodeId id) {
  Server& server = servers_.at(id);
  server.config.life += 1;
  Recovered recovered{server.hard_state, std::nullopt, 0, server.base, server.log, server.floor};
  if (!server.snapshots.empty()) {
    const auto& [last, text] = *server.snapshots.rbegin();
    recovered.snapshot = taken_.at(text);
    recovered.snapshot_total = text.size();
    // As Journal::open: a snapshot that the log does not lead up to takes its place.
    const bool leads =
        server.base == last || std::ranges::find(server.log, last, &Entry::id) != server.log.end();
    if (!leads) {
      server.base = recovered.base = last;
      server.log = recovered.entries = {};
    }
  }
  server.node.emplace(server.config, std::move(recovered));
  server.node->check_invariants();
}

void TestCluster::restart_with(NodeId id, const HardState& hard_state,
                               const std::vector<Term>& log) {
  Server& server = servers_.at(id);
  server.hard_state = hard_state;
  server.base = {};
  server.snapshots.clear();
  server.floor = {};
  server.log.clear();
  for (const Term term : log) {
    const EntryId entry{term, LogIndex(server.log.size() + 1)};
    server.log.push_back({entry, EntryKind::Command, make_payload(describe(entry))});
  }
  restart(id);
}

void TestCluster::take_snapshot(NodeId id, std::uint64_t keep) {
  Server& server = servers_.at(id);
  if (!server.node) return;
  const EntryId last = *server.node->log().find_id(server.node->commit());
  const bool covered = server.node->snapshot() && last <= server.node->snapshot()->last;
  if (last == EntryId() || covered) return;
  const SnapshotMeta meta{last, server.node->configuration_at(last.index)};
  const std::string text = "n" + std::to_string(id.value) + "'s of " + describe(meta);
  taken_.emplace(text, meta);
  server.snapshots.clear();
  server.snapshots.emplace(last, text);
  step(id, SnapshotTaken{meta, text.size(), keep});
}

void TestCluster::damage(NodeId id, LogIndex kept) {
  Server& server = servers_.at(id);
  CHECK(!server.node);
  if (server.log.empty() || server.log.back().id.index <= kept) return;
  server.floor = std::max(server.floor, server.log.back().id);
  std::erase_if(server.log, [kept](const Entry& entry) { return entry.id.index > kept; });
}

// As an owner does who keeps the newest only: of others, there is nothing to send.
void TestCluster::send_chunk(Server& server, const SendChunk& send) {
  const auto found = server.snapshots.find(send.chunk.last);
  if (found == server.snapshots.end()) return;
  const std::string& text = found->second;
  SnapshotChunk chunk = send.chunk;
  CHECK(chunk.total == text.size() && chunk.offset <= chunk.total, chunk.offset, chunk.total);
  const std::string data = text.substr(chunk.offset, send.max_bytes);
  if (!data.empty()) chunk.data = make_payload(data);
  this->send(server.config.self, {send.to, chunk});
}

void TestCluster::stage(Server& server, const SnapshotChunk& chunk) {
  CHECK(!server.staged);
  if (chunk.offset == 0) server.staging.clear();
  CHECK(chunk.offset == server.staging.size(), chunk.offset, server.staging.size());
  if (chunk.data != nullptr) server.staging += *chunk.data;
  server.staged = Staged{chunk.last, chunk.end(), std::nullopt};
  if (!chunk.is_last()) return;
  const auto whole = taken_.find(server.staging);
  if (whole == taken_.end() || whole->second.last != chunk.last) {
    server.staged->next_offset = 0;  // Of two servers' snapshots: the digest would say so.
  } else {
    server.staged->complete = whole->second.configuration;
    server.snapshots.clear();
    server.snapshots.emplace(chunk.last, server.staging);
  }
}

// What a leader commits is on the disks of a majority, of each half if there are two: counted here
// by looking at the disks.
void TestCluster::check_commit(const Server& server, const Configuration& configuration) {
  const EntryId entry = *server.node->log().find_id(server.node->commit());
  for (const std::vector<Member>* half : {&configuration.voters, &configuration.outgoing}) {
    const auto have = std::ranges::count_if(
        *half, [&](const Member& member) { return has_on_disk(member.id, entry); });
    CHECK(half->empty() || 2 * static_cast<std::size_t>(have) > half->size(), describe(entry), have,
          half->size());
  }
}

bool TestCluster::has_on_disk(NodeId id, EntryId entry) const {
  const Server& server = servers_.at(id);
  if (entry.index <= server.base.index) return true;
  const auto snapshot = server.snapshots.rbegin();
  if (snapshot != server.snapshots.rend() && entry.index <= snapshot->first.index) return true;
  // Lost by a disk after it was acknowledged.
  if (server.floor != EntryId() && entry <= server.floor) return true;
  return std::ranges::find(server.log, entry, &Entry::id) != server.log.end();
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
