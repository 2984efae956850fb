// SPDX-License-Identifier: Apache-2.0
// A random run of a correct Raft, with loss, repetition, other orders and crashes, as the judge
// would see it: for the tests of this folder.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <variant>
#include <vector>

#include "base/prng.h"
#include "check/evidence/node_event.h"
#include "check/wire/observation.h"
#include "raft/test_cluster.h"

namespace check::evidence {

using Event = std::variant<wire::Observation, NodeEvent>;
using Stream = std::vector<Event>;

template <class To, class From>
To same(From from) {
  return To(from.value());
}

// As docs/formats/peer-protocol.md has it, and its decoder.
struct Converted {
  wire::Message out;

  void operator()(const raft::PreVote& in) {
    out.type = wire::MessageType::PreVote;
    out.term_entered = false;
    end_of_log(in.term, in.last);
  }
  void operator()(const raft::RequestVote& in) {
    out.type = wire::MessageType::RequestVote;
    end_of_log(in.term, in.last);
  }
  void operator()(const raft::PreVoteReply& in) {
    out.type = wire::MessageType::PreVoteReply;
    out.term_entered = !in.granted;
    reply(in.term, in.granted);
  }
  void operator()(const raft::VoteReply& in) {
    out.type = wire::MessageType::RequestVoteReply;
    reply(in.term, in.granted);
  }
  void operator()(const raft::AppendEntries& in) {
    out.type = wire::MessageType::AppendEntries;
    out.term = same<wire::Term>(in.term);
    out.prev_index = same<wire::Index>(in.previous.index);
    out.prev_term = same<wire::Term>(in.previous.term);
    out.commit = same<wire::Index>(in.commit);
    for (const raft::Entry& entry : in.entries) {
      const std::string content = entry.payload ? *entry.payload : std::string();
      out.entries.push_back({.index = same<wire::Index>(entry.id.index),
                             .term = same<wire::Term>(entry.id.term),
                             .hash = wire::hash_of(content)});
    }
  }
  void operator()(const raft::AppendReply& in) {
    out.type = wire::MessageType::AppendReply;
    reply(in.term, in.success);
    out.prev_index = same<wire::Index>(in.previous);
    if (in.success) out.match = same<wire::Index>(in.match());
  }
  void operator()(const raft::SnapshotChunk& in) {
    out.type = wire::MessageType::InstallSnapshot;
    end_of_log(in.term, in.last);
  }
  void operator()(const raft::SnapshotReply& in) {
    out.type = wire::MessageType::SnapshotReply;
    reply(in.term, true);
    if (in.installed) out.match = same<wire::Index>(in.last.index);
  }
  void operator()(const raft::TimeoutNow& in) {
    out.type = wire::MessageType::TimeoutNow;
    out.term = same<wire::Term>(in.term);
  }
  void operator()(const raft::ReadIndexRequest& in) {
    out.type = wire::MessageType::ReadIndex;
    out.term = same<wire::Term>(in.term);
    out.context = in.context;
  }
  void operator()(const raft::ReadIndexReply& in) {
    out.type = wire::MessageType::ReadIndexReply;
    out.context = in.context;
    reply(in.term, in.granted);
  }

 private:
  void end_of_log(raft::Term term, const raft::EntryId& last) {
    out.term = same<wire::Term>(term);
    out.last_index = same<wire::Index>(last.index);
    out.last_term = same<wire::Term>(last.term);
  }
  void reply(raft::Term term, bool success) {
    out.term = same<wire::Term>(term);
    out.success = success;
  }
};

class RandomRun {
 public:
  explicit RandomRun(std::uint64_t seed)
      : random_(seed), cluster_(pick_size(), pick_config(seed)), ids_(cluster_.ids()) {}

  Stream run() {
    constexpr int kSteps = 3000;
    for (int i = 0; i < kSteps; ++i) {
      disturb();
      cluster_.take_trace();
      see();
    }
    while (!unseen_.empty()) see_one(unseen_.begin());
    return std::move(stream_);
  }

 private:
  using Pair = std::pair<raft::NodeId, raft::NodeId>;

  bool chance(std::uint64_t percent) { return random_.between(1, 100) <= percent; }
  raft::NodeId any() { return ids_[random_.between(0, ids_.size() - 1)]; }
  std::uint32_t pick_size() { return static_cast<std::uint32_t>(random_.between(2, 5)); }

  raft::Config pick_config(std::uint64_t seed) {
    raft::Config config;
    config.seed = seed;
    config.max_append_bytes = random_.between(1, 300);
    config.max_inflight_messages = static_cast<std::uint32_t>(random_.between(1, 6));
    loss_ = random_.between(0, 20);
    doubling_ = random_.between(0, 20);
    reordering_ = random_.between(0, 50);
    delivery_ = random_.between(30, 90);
    return config;
  }

  void disturb() {
    if (chance(delivery_)) return move_a_message();
    const std::uint64_t dice = random_.between(1, 1000);
    const raft::NodeId id = any();
    if (dice <= 350) {
      cluster_.step(id, raft::Tick{});
    } else if (dice <= 450) {
      if (cluster_.is_up(id)) cluster_.time_out(id);
    } else if (dice <= 650) {
      cluster_.step(id, raft::Propose{{raft::make_payload("c" + std::to_string(++commands_))}});
    } else if (dice <= 800) {
      sync(id);
    } else if (dice <= 890) {
      crash_or_restart(id);
    } else if (dice <= 960) {
      cluster_.server(id).syncs_at_once = chance(50);
    } else if (dice <= 975) {
      for (int i = 0; i < 3; ++i) cluster_.cut(any(), any());
    } else {
      cluster_.heal();
    }
  }

  void move_a_message() {
    auto& wire = flying_;
    if (wire.empty()) return;
    const std::size_t at = chance(reordering_) ? random_.between(0, wire.size() - 1) : 0;
    const raft::TestCluster::Flight flight = wire[at];
    if (!chance(doubling_)) wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(at));
    if (!chance(loss_)) cluster_.deliver(flight);
    constexpr std::size_t kLongest = 500;
    if (wire.size() > kLongest) wire.erase(wire.begin(), wire.begin() + kLongest / 2);
  }

  void sync(raft::NodeId id) {
    const auto& unsynced = cluster_.server(id).unsynced;
    if (!cluster_.is_up(id) || unsynced.empty()) return;
    cluster_.persist(id, unsynced[random_.between(0, unsynced.size() - 1)].step);
  }

  void crash_or_restart(raft::NodeId id) {
    // What the old process said on its connections is seen before a new one speaks.
    if (!cluster_.is_up(id)) {
      while (!unseen_.empty()) see_one(unseen_.begin());
    }
    NodeEvent event;
    event.node = {id.value};
    event.time_ns = ++time_ns_;
    if (cluster_.is_up(id)) {
      if (chance(50)) sync(id);
      collect();
      cluster_.crash(id);
      event.kind = NodeEventKind::Ended;
    } else {
      cluster_.restart(id);
      event.kind = NodeEventKind::Started;
    }
    stream_.push_back(event);
    for (const raft::NodeId other : ids_) connections_.erase(std::minmax(id, other));
  }

  // Of what was sent, the judge sees each connection in order, and connections as it happens. What
  // it has not seen has not arrived.
  void see() {
    collect();
    while (!unseen_.empty() && chance(80)) {
      auto one = unseen_.begin();
      std::advance(one, static_cast<std::ptrdiff_t>(random_.between(0, unseen_.size() - 1)));
      see_one(one);
    }
  }

  void collect() {
    for (const raft::TestCluster::Flight& flight : cluster_.wire()) {
      const raft::NodeId to = flight.envelope.to;
      const auto [connection, is_new] =
          connections_.try_emplace(std::minmax(flight.from, to), next_connection_);
      if (is_new) ++next_connection_;
      Converted converted;
      std::visit(converted, flight.envelope.message);
      wire::Observation seen;
      seen.from = {flight.from.value};
      seen.to = {to.value};
      seen.connection = connection->second;
      seen.message = std::move(converted.out);
      unseen_[connection->second].push_back({std::move(seen), flight});
    }
    cluster_.wire().clear();
  }

  struct Sent {
    wire::Observation seen;
    raft::TestCluster::Flight flight;
  };
  using Unseen = std::map<std::uint64_t, std::deque<Sent>>;

  void see_one(Unseen::iterator connection) {
    wire::Observation seen = std::move(connection->second.front().seen);
    flying_.push_back(connection->second.front().flight);
    connection->second.pop_front();
    if (connection->second.empty()) unseen_.erase(connection);
    seen.id = ++messages_;
    seen.time_ns = ++time_ns_;
    stream_.push_back(std::move(seen));
  }

  base::Prng random_;
  std::uint64_t loss_ = 0;  // Percent, like those below.
  std::uint64_t doubling_ = 0;
  std::uint64_t reordering_ = 0;
  std::uint64_t delivery_ = 0;
  raft::TestCluster cluster_;
  std::vector<raft::NodeId> ids_;
  std::deque<raft::TestCluster::Flight> flying_;
  std::map<Pair, std::uint64_t> connections_;
  std::uint64_t next_connection_ = 1;
  Unseen unseen_;
  Stream stream_;
  std::uint64_t messages_ = 0;
  std::uint64_t time_ns_ = 0;
  std::uint64_t commands_ = 0;
};

}  // namespace check::evidence
