// SPDX-License-Identifier: Apache-2.0
// Clusters under random faults. Each step checks the invariants of the server that made it and
// Figure 3 over the cluster (safety.h), and each commit what is on the disks; at the end everything
// heals and the cluster must serve.
//
// Every run has its mix: members come and go, leadership is transferred, snapshots are taken and
// sent, a disk loses what it had acknowledged, leases with clocks that agree.
//
// RAFT_SEED=N runs seed N alone; RAFT_SEEDS=N runs N seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "raft/test_cluster.h"

namespace raft {
namespace {

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

class RandomRun {
 public:
  explicit RandomRun(std::uint64_t seed)
      : random_(seed), mix_(pick_mix()), cluster_(make_cluster(seed)), ids_(cluster_.ids()) {}

  void run() {
    constexpr int kSteps = 2000;
    for (int i = 0; i < kSteps; ++i) {
      const base::CheckContext context("step " + std::to_string(i));
      disturb();
      count();
    }
    heal();
    demand_progress();
  }

  struct Counts {
    std::uint64_t changes = 0;
    std::uint64_t transfers = 0;
    std::uint64_t installs = 0;
    std::uint64_t losses = 0;
  };
  const Counts& counts() const { return counts_; }
  std::uint64_t committed() const { return cluster_.safety().committed().value(); }
  std::uint64_t answered_reads() const { return answered_reads_; }

 private:
  bool chance(std::uint64_t percent) { return random_.between(1, 100) <= percent; }
  NodeId any() { return ids_[random_.between(0, ids_.size() - 1)]; }

  struct Mix {
    bool membership = false;
    bool transfers = false;
    bool snapshots = false;
    bool damage = false;  // Of at most one server at a time, of three or more that stay.
    bool leases = false;  // With clocks that agree.
  };
  Mix pick_mix() {
    Mix mix{chance(40), chance(40), chance(50), false, chance(20)};
    mix.damage = !mix.membership && chance(30);
    return mix;
  }

  TestCluster make_cluster(std::uint64_t seed) {
    const Config config = pick_config(seed);
    const auto voters = static_cast<std::uint32_t>(random_.between(mix_.damage ? 3 : 1, 5));
    const auto others = static_cast<std::uint32_t>(mix_.membership ? random_.between(1, 3) : 0);
    return {voters + others, voters, config};
  }

  Config pick_config(std::uint64_t seed) {
    Config config;
    config.seed = seed;
    config.max_append_bytes = random_.between(1, 300);
    config.max_inflight_messages = static_cast<std::uint32_t>(random_.between(1, 6));
    config.max_uncommitted_bytes = random_.between(100, 2000);
    config.max_pending_reads = static_cast<std::uint32_t>(random_.between(1, 20));
    config.max_inflight_bytes = random_.between(1, 1000);
    config.snapshot_chunk_bytes = random_.between(3, 40);
    config.max_kept_bytes = random_.between(0, 5000);
    config.max_promotion_lag = random_.between(0, 5);
    config.lease.on = mix_.leases;
    loss_ = random_.between(0, 20);
    doubling_ = random_.between(0, 20);
    reordering_ = random_.between(0, 50);
    delivery_ = random_.between(30, 90);
    return config;
  }

  void disturb() {
    if (chance(delivery_)) {
      move_a_message();
    } else {
      do_something_else(random_.between(1, 1000));
    }
    check_reads();
  }

  void do_something_else(std::uint64_t dice) {
    if (dice <= 250) {
      tick();
    } else if (dice <= 330) {
      administer();
    } else if (dice <= 380) {
      if (const NodeId id = any(); cluster_.is_up(id) && !mix_.leases) cluster_.time_out(id);
    } else if (dice <= 500) {
      propose(any());
    } else if (dice <= 650) {
      read(any());
    } else if (dice <= 800) {
      sync(any());
    } else if (dice <= 890) {
      crash_or_restart(any());
    } else if (dice <= 960) {
      cluster_.server(any()).syncs_at_once = chance(50);
    } else if (dice <= 975) {
      for (int i = 0; i < 3; ++i) cluster_.cut(any(), any());
    } else {
      cluster_.heal();
    }
  }

  // Leases rest on clocks: then a tick comes to all that are up.
  void tick() {
    if (!mix_.leases) return cluster_.step(any(), Tick{});
    for (const NodeId id : ids_) cluster_.step(id, Tick{});
  }

  void administer() {
    const NodeId id = any();
    if (!cluster_.is_up(id)) return;
    if (mix_.snapshots) cluster_.take_snapshot(id, chance(70) ? 0 : 4);
    const std::optional<NodeId> leader = cluster_.find_leader();
    if (!leader) return;
    if (mix_.transfers && chance(40)) cluster_.step(*leader, TransferLeadership{any()});
    if (mix_.membership) cluster_.step(*leader, ChangeMembership{pick_target(*leader)});
  }

  // Some other configuration, legal or not.
  Configuration pick_target(NodeId leader) {
    const Configuration now = cluster_.node(leader).configuration();
    Configuration target;
    for (const NodeId id : ids_) {
      const bool votes = std::ranges::find(now.voters, id, &Member::id) != now.voters.end();
      const std::uint64_t dice = random_.between(1, 100);
      if (votes ? dice <= 80 : now.has_learner(id) && dice <= 70) {
        target.voters.push_back({id, {}});
      } else if (dice <= 97) {
        target.learners.push_back({id, {}});
      }
    }
    return target;
  }

  void move_a_message() {
    auto& wire = cluster_.wire();
    if (wire.empty()) return;
    const std::size_t at = chance(reordering_) ? random_.between(0, wire.size() - 1) : 0;
    const TestCluster::Flight flight = wire[at];
    if (!chance(doubling_)) wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(at));
    if (!chance(loss_)) cluster_.deliver(flight);
    constexpr std::size_t kLongest = 500;
    if (wire.size() > kLongest) wire.erase(wire.begin(), wire.begin() + kLongest / 2);
  }

  void propose(NodeId id) {
    Propose propose;
    for (std::uint64_t count = random_.between(1, 3); count > 0; --count) {
      propose.commands.push_back(make_payload("c" + std::to_string(++commands_)));
    }
    cluster_.step(id, propose);
  }

  void read(NodeId id) {
    if (!cluster_.is_up(id)) return;
    const ReadId read(++reads_);
    due_[read] = {id, cluster_.safety().committed()};
    cluster_.step(id, Read{read});
  }

  // A read must see all that was committed, anywhere, when it was asked (linearizability).
  void check_reads() {
    for (const NodeId id : ids_) {
      TestCluster::Server& server = cluster_.server(id);
      for (const Readable& readable : std::exchange(server.readable, {})) {
        CHECK(due_.contains(readable.id), readable.id);
        const Due due = due_[readable.id];
        CHECK(due.asked == id && due.index <= readable.index, readable.id, due.index, id);
        CHECK(readable.index <= cluster_.node(id).commit(), readable.index, id);
        due_.erase(readable.id);
        answered_reads_ += 1;
      }
      for (const ReadId unreadable : std::exchange(server.unreadable, {})) {
        CHECK(due_.erase(unreadable) == 1, unreadable);
      }
    }
  }

  void sync(NodeId id) {
    const auto& unsynced = cluster_.server(id).unsynced;
    if (!cluster_.is_up(id) || unsynced.empty()) return;
    cluster_.persist(id, unsynced[random_.between(0, unsynced.size() - 1)].step);
  }

  void crash_or_restart(NodeId id) {
    if (cluster_.is_up(id)) {
      if (chance(50)) sync(id);  // A random part of what is unsynced may have come through.
      check_reads();
      cluster_.crash(id);
      if (mix_.damage && chance(20)) damage(id);
      std::erase_if(due_, [id](const auto& read) { return read.second.asked == id; });
    } else {
      cluster_.restart(id);
    }
  }

  void damage(NodeId id) {
    for (const NodeId other : ids_) {
      if (cluster_.server(other).floor != EntryId()) return;
    }
    const auto& server = cluster_.server(id);
    const std::uint64_t kept = random_.between(0, server.log.size());
    cluster_.damage(id, server.base.index.plus(kept));
    if (server.floor != EntryId()) counts_.losses += 1;
  }

  void count() {
    for (const std::string& line : cluster_.take_trace()) {
      if (line.find("install") != std::string::npos) counts_.installs += 1;
      if (line.find("RequestVote") != std::string::npos && line.ends_with("transfer")) {
        counts_.transfers += 1;
      }
      if (line.find("append ") != std::string::npos && line.ends_with("}")) counts_.changes += 1;
    }
  }

  void heal() {
    cluster_.heal();
    for (const NodeId id : ids_) {
      if (!cluster_.is_up(id)) cluster_.restart(id);
      cluster_.server(id).syncs_at_once = true;
      cluster_.persist_all(id);
    }
  }

  void pass_time(int ticks) {
    for (int i = 0; i < ticks; ++i) {
      for (const NodeId id : ids_) cluster_.step(id, Tick{});
      cluster_.settle();
      cluster_.take_trace();
      check_reads();
    }
  }

  void demand_progress() {
    constexpr int kEnough = 400;  // Ticks: twenty of the longest election timeouts.
    pass_time(kEnough);
    const std::optional<NodeId> leader = cluster_.find_leader();
    CHECK(leader.has_value());
    const LogIndex before = cluster_.node(*leader).commit();
    CHECK(before == cluster_.node(*leader).last().index, before);
    CHECK(!cluster_.node(*leader).configuration().is_joint());
    propose(*leader);
    read(*leader);
    const std::uint64_t answered = answered_reads_;
    pass_time(10);
    CHECK(answered < answered_reads_);
    CHECK(due_.empty(), due_.size());
    for (const NodeId id : cluster_.node(*leader).configuration().ids()) {
      CHECK(cluster_.node(id).leader() == leader, id);
      CHECK(cluster_.node(id).floor() == EntryId(), id);
      CHECK(before < cluster_.node(id).commit(), before, id);
      CHECK(cluster_.node(id).commit() == cluster_.node(*leader).commit(), id);
    }
  }

  base::Prng random_;
  Mix mix_;
  Counts counts_;
  std::uint64_t loss_ = 0;  // Percent, like those below.
  std::uint64_t doubling_ = 0;
  std::uint64_t reordering_ = 0;
  std::uint64_t delivery_ = 0;
  TestCluster cluster_;
  std::vector<NodeId> ids_;
  std::uint64_t commands_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t answered_reads_ = 0;
  struct Due {
    NodeId asked;
    LogIndex index;  // What the read must see at least.
  };
  std::map<ReadId, Due> due_;  // Reads that have no answer yet.
};

TEST(RandomCluster, KeepsFigure3AndServesWhenHealed) {
  const std::uint64_t first = number_from_environment("RAFT_SEED", 1);
  const bool alone = std::getenv("RAFT_SEED") != nullptr;
  const std::uint64_t count = alone ? 1 : number_from_environment("RAFT_SEEDS", 1000);
  std::cout << "seeds: " << first << ".." << first + count - 1 << '\n';
  std::uint64_t committed = 0;
  std::uint64_t reads = 0;
  std::uint64_t changes = 0;
  std::uint64_t transfers = 0;
  std::uint64_t installs = 0;
  std::uint64_t losses = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const base::CheckContext context("RAFT_SEED=" + std::to_string(seed) +
                                     " raft_test --gtest_filter=RandomCluster.*");
    RandomRun run(seed);
    run.run();
    committed += run.committed();
    reads += run.answered_reads();
    changes += run.counts().changes;
    transfers += run.counts().transfers;
    installs += run.counts().installs;
    losses += run.counts().losses;
  }
  std::cout << "committed: " << committed << ", reads answered: " << reads
            << ", configurations written: " << changes
            << ", votes asked for by transfer: " << transfers
            << ", snapshots installed: " << installs << ", disks damaged: " << losses << '\n';
  EXPECT_LT(count, committed);  // A cluster that never does anything breaks no rule.
  EXPECT_LE(count, reads);
}

}  // namespace
}  // namespace raft
