// SPDX-License-Identifier: Apache-2.0
// A few servers in one hand, for tests: every message, tick and sync happens when the test says.
//
//   step -> effects -> disk (unsynced, synced at a Receipt)     crash() loses what is not synced
//                  '-> wire (messages in the order sent)        the test delivers, drops, doubles
//
// A snapshot is a text that says what it is of and who took it; a chunk is a few bytes of it.
//
// Checks a Node's invariants after each of its steps, and Raft Figure 3 over all of them.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "raft/describe.h"
#include "raft/node.h"
#include "raft/safety.h"

namespace raft {

// Tests play the journal: a receipt is what a finished sync would have given.
class TestReceipt {
 public:
  static Receipt of(StepNumber step) { return Receipt(step); }
};

Payload make_payload(std::string text);

class TestCluster {
 public:
  struct Server {
    Config config;
    std::optional<Node> node;  // Nothing while it is down.
    HardState hard_state;      // On disk, like those below.
    EntryId base;
    std::vector<Entry> log;
    std::map<EntryId, std::string> snapshots;  // Whole ones.
    EntryId floor;
    std::string staging;
    std::optional<Staged> staged;  // Not yet told.
    std::deque<Effects> unsynced;
    std::vector<Held<Envelope>> held;
    bool syncs_at_once = true;
    std::vector<Readable> readable;
    std::vector<ReadId> unreadable;
  };
  struct Flight {
    NodeId from;
    Envelope envelope;
  };

  // Servers n1..nCOUNT with fresh disks; `base` tells everything but who they are. The first
  // `voters` of them are the cluster, the others wait to join it.
  TestCluster(std::uint32_t count, const Config& base);
  TestCluster(std::uint32_t count, std::uint32_t voters, const Config& base);

  std::vector<NodeId> ids() const;
  Server& server(NodeId id) { return servers_.at(id); }
  // Requires: it is up.
  const Node& node(NodeId id) const { return *servers_.at(id).node; }
  bool is_up(NodeId id) const { return servers_.at(id).node.has_value(); }
  std::optional<NodeId> find_leader() const;  // Of the highest term, if several think so.
  const Safety& safety() const { return safety_; }
  std::deque<Flight>& wire() { return wire_; }

  // Nothing happens to a server that is down.
  void step(NodeId id, const Input& input);
  // A sync that covers all steps up to `until` ends.
  void persist(NodeId id, StepNumber until);
  void persist_all(NodeId id);
  void crash(NodeId id);
  void restart(NodeId id);
  // Has a snapshot of all that is committed; `keep` as in SnapshotTaken. Nothing to take: nothing
  // happens.
  void take_snapshot(NodeId id, std::uint64_t keep);
  // While it is down: the disk loses all entries behind `kept`, and says so.
  void damage(NodeId id, LogIndex kept);
  // Replaces what is on disk, and starts from there.
  void restart_with(NodeId id, const HardState& hard_state, const std::vector<Term>& log);

  // Takes the `nth` message (0: oldest) from `from` to `to` off the wire.
  std::optional<Flight> take(NodeId from, NodeId to, std::size_t nth);
  void deliver(const Flight& flight);
  // Delivers in order of sending until the wire is empty. CHECKs that this comes to an end.
  void settle();
  // Ticks `id` until it asks for votes.
  void time_out(NodeId id);

  // Links that lose all that is sent from now on.
  void cut(NodeId from, NodeId to) { cut_.push_back({from, to}); }
  void heal() { cut_.clear(); }

  // What happened since the last call, one line an effect.
  std::vector<std::string> take_trace() { return std::exchange(trace_, {}); }

 private:
  void step_once(Server& server, const Input& input);
  void note(NodeId id, const std::string& line);
  void send(NodeId from, const Envelope& envelope);
  void send_chunk(Server& server, const SendChunk& send);
  void stage(Server& server, const SnapshotChunk& chunk);
  void check_commit(const Server& server, const Configuration& configuration);
  bool has_on_disk(NodeId id, EntryId entry) const;

  std::map<NodeId, Server> servers_;
  std::deque<Flight> wire_;
  std::vector<std::pair<NodeId, NodeId>> cut_;
  std::vector<std::string> trace_;
  Safety safety_;
  std::map<std::string, SnapshotMeta> taken_;  // By text.
};

}  // namespace raft
