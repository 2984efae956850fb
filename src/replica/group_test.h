// SPDX-License-Identifier: Apache-2.0
// A few Replicas on disks in memory, for tests: every message and tick happens when the test says.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/testing/memory_disk.h"
#include "kv/machine.h"
#include "replica/replica.h"

namespace replica {

inline raft::Payload set_command(const std::string& key, const std::string& value) {
  return std::make_shared<const std::string>(kv::encode(kv::Command(kv::Set{key, value, {}, {}})));
}

inline std::string query(const kv::Query& query) { return kv::encode(query); }

// What came out of one Replica.
class Recorder final : public Outlet {
 public:
  explicit Recorder(io::testing::MemoryDisk& disk) : disk_(disk) {}

  void send(const raft::Envelope& envelope) override { unflushed_.push_back(envelope); }
  void answer(RequestId id, Outcome outcome) override {
    EXPECT_TRUE(answers.emplace(id, std::move(outcome)).second) << "answered twice: " << id;
  }
  void flush() override {
    for (raft::Envelope& envelope : unflushed_)
      sent.push_back({std::move(envelope), disk_.syncs()});
    unflushed_.clear();
  }

  struct Sent {
    raft::Envelope envelope;
    std::uint64_t syncs = 0;  // Of the disk, when it left.
  };
  std::vector<Sent> sent;
  std::map<RequestId, Outcome> answers;

 private:
  io::testing::MemoryDisk& disk_;
  std::vector<raft::Envelope> unflushed_;
};

class Group {
 public:
  explicit Group(std::uint32_t count, std::uint64_t seed = 1,
                 journal::Kind kind = journal::Kind::Segments)
      : seed_(seed), kind_(kind) {
    for (std::uint32_t id = 1; id <= count; ++id) founders_.push_back({id});
    voters_ = founders_;
    for (const raft::NodeId id : founders_) found(id);
  }

  // A server that knows nothing of its cluster.
  void join(raft::NodeId id) {
    joined_.insert(id);
    voters_.push_back(id);
    found(id);
  }

  Config config(raft::NodeId id) const {
    Config config;
    config.raft.self = id;
    if (!joined_.contains(id)) config.raft.initial = raft::configuration_of(founders_);
    config.raft.seed = seed_;
    config.raft.max_uncommitted_bytes = max_uncommitted_bytes;
    config.journal.node = id;
    config.journal.kind = kind_;
    config.max_waiting = 16;
    config.max_query_bytes = 1'000;
    config.snapshots = policy;
    return config;
  }

  // Of those that start from now on.
  SnapshotPolicy policy;
  std::uint64_t max_uncommitted_bytes = raft::Config().max_uncommitted_bytes;

  const std::vector<raft::NodeId>& ids() const { return voters_; }
  Replica& operator[](std::uint32_t id) { return *members_.at({id}).replica; }
  io::testing::MemoryDisk& disk(std::uint32_t id) { return *members_.at({id}).disk; }
  const kv::Machine& machine(std::uint32_t id) { return *members_.at({id}).machine; }
  Recorder& recorder(std::uint32_t id) { return *members_.at({id}).recorder; }
  bool is_up(raft::NodeId id) const { return members_.at(id).replica.has_value(); }
  void isolate(std::uint32_t id) { isolated_.insert({id}); }
  void heal() { isolated_.clear(); }

  void start(raft::NodeId id) {
    Member& member = members_.at(id);
    member.recorder = std::make_unique<Recorder>(*member.disk);
    member.machine = std::make_unique<kv::Machine>();
    base::Result<Replica> opened =
        Replica::open({*member.disk, *member.machine, *member.recorder}, config(id));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    member.replica.emplace(std::move(opened).value());
  }
  void crash(raft::NodeId id, io::testing::Survival survival) {
    Member& member = members_.at(id);
    member.replica.reset();
    member.disk->crash(survival);
  }

  // Finishes the turn of one and puts what it sent on the wire.
  base::Status turn(raft::NodeId id) {
    Member& member = members_.at(id);
    base::Status status = member.replica->finish_turn();
    for (Recorder::Sent& sent : member.recorder->sent) wire.push_back({id, sent.envelope});
    member.recorder->sent.clear();
    return status;
  }

  // Delivers the oldest message, unless one of its ends is isolated or down.
  void deliver() {
    const Flight flight = wire.front();
    wire.pop_front();
    const raft::NodeId to = flight.envelope.to;
    if (isolated_.count(flight.from) + isolated_.count(to) > 0 || !is_up(to)) return;
    members_.at(to).replica->receive(flight.from, flight.envelope.message);
    ASSERT_TRUE(turn(to).ok());
  }
  void settle() {
    for (int i = 0; i < 10'000 && !wire.empty(); ++i) deliver();
    ASSERT_TRUE(wire.empty());
  }
  // Time passes for all.
  void tick() {
    for (const raft::NodeId id : voters_) {
      if (!is_up(id)) continue;
      members_.at(id).replica->tick();
      ASSERT_TRUE(turn(id).ok());
    }
    settle();
  }
  // Lets time pass until a server that is not isolated leads; returns it.
  std::uint32_t elect() {
    for (int i = 0; i < 1000; ++i) {
      tick();
      for (const raft::NodeId id : voters_) {
        const bool leads = is_up(id) && isolated_.count(id) == 0 &&
                           members_.at(id).replica->node().role() == raft::Role::Leader;
        if (leads) return id.value;
      }
    }
    ADD_FAILURE() << "nobody was elected";
    return 1;
  }

  struct Flight {
    raft::NodeId from;
    raft::Envelope envelope;
  };
  std::deque<Flight> wire;

 private:
  void found(raft::NodeId id) {
    members_[id].disk = std::make_unique<io::testing::MemoryDisk>(seed_ + id.value);
    start(id);
  }
  struct Member {
    std::unique_ptr<io::testing::MemoryDisk> disk;
    std::unique_ptr<Recorder> recorder;
    std::unique_ptr<kv::Machine> machine;
    std::optional<Replica> replica;
  };
  std::uint64_t seed_;
  journal::Kind kind_;
  std::vector<raft::NodeId> founders_;
  std::vector<raft::NodeId> voters_;  // And those that joined.
  std::set<raft::NodeId> joined_;
  std::map<raft::NodeId, Member> members_;
  std::set<raft::NodeId> isolated_;
};

}  // namespace replica
