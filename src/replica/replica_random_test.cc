// SPDX-License-Identifier: Apache-2.0
// Random runs of whole replicas: lost and reordered messages, power cuts. Clients write one key
// each time; whatever was Done must be there in the end, whatever was NotDone must not.
#include <cstdlib>
#include <iostream>

#include "base/prng.h"
#include "replica/group_test.h"

namespace replica {
namespace {

std::uint64_t environment_number(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class RandomRun {
 public:
  explicit RandomRun(std::uint64_t seed) : prng_(seed), group_(3, seed) {}

  void go() {
    for (int i = 0; i < 400 && !::testing::Test::HasFatalFailure(); ++i) step();
    collect();
    for (const raft::NodeId id : group_.ids()) {
      if (!group_.is_up(id)) group_.start(id);
    }
    leader_ = group_.elect();
    for (int i = 0; i < 20; ++i) group_.tick();
    leader_ = group_.elect();
    for (const auto& [key, outcome] : outcomes_) check(key, outcome);
  }

  std::size_t done() const { return done_; }

 private:
  raft::NodeId any() { return group_.ids()[prng_.between(0, group_.ids().size() - 1)]; }

  void step() {
    const raft::NodeId id = any();
    const std::uint64_t draw = prng_.between(0, 99);
    if (!group_.is_up(id)) {
      if (draw < 30) group_.start(id);
    } else if (draw < 2) {
      collect();
      group_.crash(id, io::testing::Survival::Random);
    } else if (draw < 30) {
      group_[id.value].tick();
      ASSERT_TRUE(group_.turn(id).ok());
    } else if (draw < 50) {
      write(id);
      ASSERT_TRUE(group_.turn(id).ok());
    } else {
      move_messages();
    }
  }

  void write(raft::NodeId id) {
    last_request_ = last_request_.next();
    const std::string key = std::to_string(last_request_.value());
    group_[id.value].write(last_request_, set_command(key, "v"));
  }

  // Delivers some, out of order now and then, and loses a few.
  void move_messages() {
    for (std::uint64_t i = prng_.between(1, 6); i > 0 && !group_.wire.empty(); --i) {
      const std::uint64_t draw = prng_.between(0, 9);
      if (draw == 0) {
        group_.wire.pop_front();
      } else if (draw == 1) {
        group_.wire.push_back(group_.wire.front());
        group_.wire.pop_front();
      } else {
        group_.deliver();
      }
    }
  }

  // Answers die with their Recorder.
  void collect() {
    for (const raft::NodeId id : group_.ids()) {
      if (!group_.is_up(id)) continue;
      for (const auto& [request, outcome] : group_.recorder(id.value).answers)
        outcomes_.insert_or_assign(std::to_string(request.value()), outcome);
    }
  }

  void check(const std::string& key, const Outcome& outcome) {
    const kv::Reply found = group_.machine(leader_).read(kv::Get{key});
    const bool there = std::holds_alternative<kv::Bulk>(found.value);
    if (std::holds_alternative<Done>(outcome)) {
      ++done_;
      EXPECT_TRUE(there) << key << " was acknowledged and is lost";
    } else if (std::holds_alternative<NotDone>(outcome)) {
      EXPECT_FALSE(there) << key << " was refused and is there";
    }
  }

  base::Prng prng_;
  Group group_;
  RequestId last_request_;
  std::map<std::string, Outcome> outcomes_;
  std::uint32_t leader_ = 1;
  std::size_t done_ = 0;
};

TEST(Replica, KeepsItsWordInRandomRuns) {
  const std::uint64_t first = environment_number("SEED", 1);
  const std::uint64_t count = environment_number("RUNS", 60);
  std::size_t done = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    RandomRun run(seed);
    run.go();
    done += run.done();
    if (HasFailure()) {
      std::cout << "repeat: SEED=" << seed << " RUNS=1 replica_test\n";
      return;
    }
  }
  EXPECT_GT(done, count) << "the runs did next to nothing";
}

}  // namespace
}  // namespace replica
