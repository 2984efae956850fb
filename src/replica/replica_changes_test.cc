// SPDX-License-Identifier: Apache-2.0
// Snapshots, changes of the configuration and transfers, over whole replicas.
#include <gtest/gtest.h>

#include "replica/group_test.h"

namespace replica {
namespace {

constexpr std::uint64_t kKeys = 200;

// A group that takes a snapshot after a few hundred bytes of log, and keeps nothing besides.
SnapshotPolicy eager() {
  SnapshotPolicy policy;
  policy.log_bytes = 500;
  policy.keep_entries = 0;
  policy.piece_bytes = 100;
  return policy;
}

class Changes : public ::testing::Test {
 protected:
  explicit Changes(std::uint32_t founders = 3, const SnapshotPolicy& policy = eager())
      : group_(founders) {
    group_.policy = policy;
    for (const raft::NodeId id : group_.ids()) {
      group_.crash(id, io::testing::Survival::Everything);
      group_.start(id);
    }
    leader_ = group_.elect();
  }

  RequestId next() { return request_ = request_.next(); }
  void write_keys() {
    for (std::uint64_t i = 0; i < kKeys; ++i) {
      group_[leader_].write(next(), set_command("key" + std::to_string(i % 50), "value"));
      ASSERT_TRUE(group_.turn({leader_}).ok());
      group_.settle();
    }
    for (int i = 0; i < 20; ++i) group_.tick();
  }
  bool is_done(std::uint32_t id, RequestId request) {
    const auto& answers = group_.recorder(id).answers;
    return answers.contains(request) && std::holds_alternative<Done>(answers.at(request));
  }
  std::optional<NotDone::Reason> refusal(std::uint32_t id, RequestId request) {
    const auto& answers = group_.recorder(id).answers;
    if (!answers.contains(request)) return std::nullopt;
    const auto* not_done = std::get_if<NotDone>(&answers.at(request));
    return not_done == nullptr ? std::nullopt : std::optional(not_done->reason);
  }
  RequestId change(const raft::Configuration& target) {
    const RequestId request = next();
    group_[leader_].change_membership(request, target);
    EXPECT_TRUE(group_.turn({leader_}).ok());
    group_.settle();
    for (int i = 0; i < 10; ++i) group_.tick();
    return request;
  }

  // Two writes, of which the disk of `id` loses the first and so the second.
  void damage(std::uint32_t id) {
    for (const char* value : {"lost", "later"}) {
      group_[leader_].write(next(), set_command("x", value));
      ASSERT_TRUE(group_.turn({leader_}).ok());
      group_.settle();
    }
    group_.crash({id}, io::testing::Survival::Everything);
    bool found = false;
    const base::Result<std::vector<std::string>> names = group_.disk(id).list();
    for (const std::string& name : names.value()) {
      std::string bytes = group_.disk(id).bytes(name);
      const std::size_t at = bytes.find("lost");
      if (at == std::string::npos) continue;
      bytes[at] = 'L';
      group_.disk(id).set_bytes(name, bytes);
      found = true;
    }
    ASSERT_TRUE(found);
  }
  std::optional<base::ErrorCode> error_of_opening(std::uint32_t id) {
    kv::Machine machine;
    Recorder recorder(group_.disk(id));
    const base::Result<Replica> opened =
        Replica::open({group_.disk(id), machine, recorder}, group_.config({id}));
    return opened.ok() ? std::nullopt : std::optional(opened.error().code);
  }

  static raft::Configuration configuration(const std::vector<raft::NodeId>& voters,
                                           const std::vector<raft::NodeId>& learners) {
    raft::Configuration configuration = raft::configuration_of(voters);
    configuration.learners = raft::configuration_of(learners).voters;
    return configuration;
  }
  raft::LogIndex base(std::uint32_t id) { return group_[id].node().log().base().index; }

  Group group_;
  std::uint32_t leader_ = 0;
  RequestId request_{1000};
};

TEST_F(Changes, SnapshotsLetTheLogBeCutOnEveryServer) {
  write_keys();
  for (const raft::NodeId id : group_.ids()) {
    ASSERT_TRUE(group_[id.value].snapshot()) << id;
    EXPECT_GT(base(id.value), raft::LogIndex(100)) << id;
    EXPECT_EQ(group_.machine(id.value).digest(), group_.machine(leader_).digest()) << id;
  }
}

TEST_F(Changes, AServerThatRestartsGoesOnFromItsSnapshot) {
  write_keys();
  const std::uint64_t digest = group_.machine(leader_).digest();
  for (const raft::NodeId id : group_.ids()) group_.crash(id, io::testing::Survival::Nothing);
  for (const raft::NodeId id : group_.ids()) {
    group_.start(id);
    EXPECT_GT(group_[id.value].applied(), raft::LogIndex(100)) << id;
  }
  leader_ = group_.elect();
  for (int i = 0; i < 10; ++i) group_.tick();
  for (const raft::NodeId id : group_.ids())
    EXPECT_EQ(group_.machine(id.value).digest(), digest) << id;
}

TEST_F(Changes, AServerThatLacksWhatWasCutGetsASnapshot) {
  const std::uint32_t late = leader_ == 1 ? 2 : 1;
  group_.crash({late}, io::testing::Survival::Everything);
  write_keys();
  group_.start({late});
  EXPECT_LT(group_[late].applied(), base(leader_));
  for (int i = 0; i < 60; ++i) group_.tick();
  EXPECT_EQ(group_[late].applied(), group_[leader_].applied());
  EXPECT_EQ(group_.machine(late).digest(), group_.machine(leader_).digest());
  // And it is on its disk.
  group_.crash({late}, io::testing::Survival::Nothing);
  group_.start({late});
  EXPECT_GE(group_[late].applied(), raft::LogIndex(100));
}

// It was good when it was written: whoever got it would find the damage, and ask for it again,
// without end.
TEST_F(Changes, ASnapshotThatIsDamagedWhenItIsSentIsTakenAgain) {
  const std::uint32_t late = leader_ == 1 ? 2 : 1;
  group_.crash({late}, io::testing::Survival::Everything);
  write_keys();
  group_[leader_].take_snapshot(next());
  for (int i = 0; i < 10; ++i) group_.tick();
  ASSERT_EQ(group_[leader_].snapshot()->meta.last.index, group_[leader_].applied());
  const base::Result<std::vector<std::string>> names = group_.disk(leader_).list();
  for (const std::string& name : names.value()) {
    if (!name.ends_with(".snapshot")) continue;
    std::string bytes = group_.disk(leader_).bytes(name);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    group_.disk(leader_).set_bytes(name, bytes);
  }
  group_.start({late});
  for (int i = 0; i < 100; ++i) group_.tick();
  EXPECT_FALSE(group_[leader_].is_damaged());
  EXPECT_EQ(group_[late].applied(), group_[leader_].applied());
  EXPECT_EQ(group_.machine(late).digest(), group_.machine(leader_).digest());
}

class Unreadable : public Changes {
 protected:
  // A server lacks what only the leader's snapshot has.
  Unreadable() : late_(leader_ == 1 ? 2 : 1) {
    group_.crash({late_}, io::testing::Survival::Everything);
    write_keys();
    group_[leader_].take_snapshot(next());
    for (int i = 0; i < 10; ++i) group_.tick();
    spoil();
    group_.start({late_});
  }

  void spoil() {
    const base::Result<std::vector<std::string>> names = group_.disk(leader_).list();
    for (const std::string& name : names.value()) {
      if (name.ends_with(".snapshot")) group_.disk(leader_).make_unreadable(name, 100);
    }
  }

  std::uint32_t late_;
};

TEST_F(Unreadable, ASnapshotIsTakenAgain) {
  for (int i = 0; i < 100; ++i) group_.tick();
  ASSERT_EQ(group_[leader_].findings().size(), 1U);
  const std::string sentence = group_[leader_].findings().front().sentence();
  EXPECT_NE(sentence.find(".snapshot: the snapshot cannot be read at byte "), std::string::npos)
      << sentence;
  EXPECT_FALSE(group_[leader_].is_damaged());
  EXPECT_FALSE(group_[leader_].snapshot_failure());
  EXPECT_EQ(group_[late_].applied(), group_[leader_].applied());
  EXPECT_EQ(group_.machine(late_).digest(), group_.machine(leader_).digest());
}

// A disk that gives back nothing is not written to without end, and the error is told.
TEST_F(Unreadable, ASnapshotIsNotTakenAgainForEver) {
  int begun = 0;
  for (int i = 0; i < 200; ++i) {
    const bool writes = group_[leader_].is_writing_snapshot();
    spoil();
    group_.tick();
    begun += !writes && group_[leader_].is_writing_snapshot() ? 1 : 0;
  }
  EXPECT_EQ(begun, 1);
  EXPECT_TRUE(group_[leader_].is_damaged());
  ASSERT_TRUE(group_[leader_].snapshot_failure());
  EXPECT_EQ(group_[leader_].snapshot_failure()->code, base::ErrorCode::Io);
  EXPECT_LT(group_[late_].applied(), group_[leader_].applied());
}

TEST_F(Changes, ASnapshotIsTakenWhenAskedFor) {
  const RequestId request = next();
  group_[leader_].take_snapshot(request);
  for (int i = 0; i < 10; ++i) group_.tick();
  EXPECT_TRUE(is_done(leader_, request));
  EXPECT_EQ(group_[leader_].snapshot()->meta.last.index, group_[leader_].applied());
}

TEST_F(Changes, NobodyWaitsForADiskThatIsLateWithASnapshot) {
  group_.disk(leader_).be_late(20);
  const RequestId request = next();
  group_[leader_].take_snapshot(request);
  ASSERT_TRUE(group_.turn({leader_}).ok());
  ASSERT_TRUE(group_[leader_].is_writing_snapshot());
  write_keys();
  for (int i = 0; i < 100; ++i) group_.tick();
  EXPECT_TRUE(is_done(leader_, request));
  EXPECT_FALSE(group_[leader_].is_writing_snapshot());
  // It was begun before the keys came.
  group_.crash({leader_}, io::testing::Survival::Nothing);
  group_.start({leader_});
  EXPECT_TRUE(group_[leader_].snapshot());
}

TEST_F(Changes, AServerJoinsAsALearnerByASnapshotAndIsPromoted) {
  write_keys();
  group_.join({4});
  EXPECT_EQ(refusal(leader_, change(configuration({{1}, {2}, {3}, {4}}, {}))),
            NotDone::Reason::NotCaughtUp);
  EXPECT_TRUE(is_done(leader_, change(configuration({{1}, {2}, {3}}, {{4}}))));
  for (int i = 0; i < 60; ++i) group_.tick();
  EXPECT_EQ(group_.machine(4).digest(), group_.machine(leader_).digest());
  EXPECT_TRUE(is_done(leader_, change(configuration({{1}, {2}, {3}, {4}}, {}))));
  EXPECT_TRUE(group_[4].node().configuration().has_voter({4}));
}

TEST_F(Changes, ALeaderThatIsRemovedHandsOver) {
  std::vector<raft::NodeId> rest;
  for (const raft::NodeId id : group_.ids()) {
    if (id.value != leader_) rest.push_back(id);
  }
  const RequestId request = change(configuration(rest, {}));
  EXPECT_TRUE(is_done(leader_, request));
  const std::uint32_t removed = leader_;
  leader_ = group_.elect();
  EXPECT_NE(leader_, removed);
  EXPECT_EQ(group_[leader_].node().configuration(), configuration(rest, {}));
}

TEST_F(Changes, AChangeThatIsDecidedInTheTurnOfTheNextIsAnswered) {
  const raft::NodeId other{leader_ == 1 ? 2U : 1U};
  std::vector<raft::NodeId> rest;
  for (const raft::NodeId id : group_.ids()) {
    if (id != other) rest.push_back(id);
  }
  const RequestId first = next();
  group_[leader_].change_membership(first, configuration(rest, {other}));
  ASSERT_TRUE(group_.turn({leader_}).ok());
  std::vector<Group::Flight> replies;
  while (!group_.wire.empty()) {
    if (group_.wire.front().envelope.to.value != leader_) {
      group_.deliver();
      continue;
    }
    replies.push_back(group_.wire.front());
    group_.wire.pop_front();
  }
  for (const auto& reply : replies) group_[leader_].receive(reply.from, reply.envelope.message);
  const RequestId second = next();
  group_[leader_].change_membership(second, configuration(group_.ids(), {}));
  EXPECT_TRUE(is_done(leader_, first));
  ASSERT_TRUE(group_.turn({leader_}).ok());
  group_.settle();
  EXPECT_TRUE(is_done(leader_, second));
  EXPECT_EQ(group_[leader_].waiting(), 0U);
}

class GrownFromOne : public Changes {
 protected:
  GrownFromOne() : Changes(1, SnapshotPolicy()) {}
};

TEST_F(GrownFromOne, IsRefusedAfterDamageWhileItIsAlone) {
  ASSERT_NO_FATAL_FAILURE(damage(1));
  EXPECT_EQ(error_of_opening(1), base::ErrorCode::Corrupt);
}

TEST_F(GrownFromOne, IsRepairedAfterDamageByThoseThatCameLater) {
  group_.join({2});
  group_.join({3});
  ASSERT_TRUE(is_done(leader_, change(configuration({{1}}, {{2}, {3}}))));
  ASSERT_TRUE(is_done(leader_, change(configuration({{1}, {2}, {3}}, {}))));
  ASSERT_NO_FATAL_FAILURE(damage(1));
  leader_ = group_.elect();
  ASSERT_NO_FATAL_FAILURE(group_.start({1}));
  EXPECT_TRUE(group_[1].is_damaged());
  for (int i = 0; i < 20; ++i) group_.tick();
  EXPECT_FALSE(group_[1].is_damaged());
  EXPECT_EQ(group_[1].applied(), group_[leader_].applied());
  EXPECT_EQ(group_.machine(1).digest(), group_.machine(leader_).digest());
}

TEST_F(Changes, AServerThatStayedAloneIsRefusedAfterDamage) {
  ASSERT_TRUE(is_done(leader_, change(configuration({{leader_}}, {}))));
  ASSERT_NO_FATAL_FAILURE(damage(leader_));
  EXPECT_EQ(error_of_opening(leader_), base::ErrorCode::Corrupt);
}

TEST_F(Changes, LeadershipIsTransferred) {
  const raft::NodeId to{leader_ == 1 ? 2U : 1U};
  const RequestId request = next();
  group_[leader_].transfer(request, to);
  ASSERT_TRUE(group_.turn({leader_}).ok());
  group_.settle();
  for (int i = 0; i < 3; ++i) group_.tick();
  EXPECT_TRUE(is_done(leader_, request));
  EXPECT_EQ(group_[to.value].node().role(), raft::Role::Leader);
}

TEST_F(Changes, ATransferToAServerThatIsGoneFailsAndTheLeaderLeadsOn) {
  const raft::NodeId to{leader_ == 1 ? 2U : 1U};
  group_.isolate(to.value);
  const RequestId request = next();
  group_[leader_].transfer(request, to);
  ASSERT_TRUE(group_.turn({leader_}).ok());
  const RequestId write = next();
  group_[leader_].write(write, set_command("x", "1"));
  ASSERT_TRUE(group_.turn({leader_}).ok());
  EXPECT_EQ(refusal(leader_, write), NotDone::Reason::Transferring);
  for (int i = 0; i < 40; ++i) group_.tick();
  EXPECT_EQ(refusal(leader_, request), NotDone::Reason::Failed);
  const RequestId again = next();
  group_[leader_].write(again, set_command("x", "1"));
  ASSERT_TRUE(group_.turn({leader_}).ok());
  group_.settle();
  EXPECT_TRUE(is_done(leader_, again));
}

TEST_F(Changes, ATransferEndsAlsoWhenNobodyLeads) {
  const raft::NodeId to{leader_ == 1 ? 2U : 1U};
  const RequestId request = next();
  group_[leader_].transfer(request, to);
  ASSERT_TRUE(group_.turn({leader_}).ok());
  for (int i = 0; i < 1000 && group_[leader_].node().role() == raft::Role::Leader; ++i) {
    ASSERT_FALSE(group_.wire.empty());
    group_.deliver();  // Until it has heard that `to` stands for election.
  }
  ASSERT_NE(group_[leader_].node().role(), raft::Role::Leader);
  for (const raft::NodeId id : group_.ids()) group_.isolate(id.value);
  group_.settle();
  const auto& answers = group_.recorder(leader_).answers;
  EXPECT_EQ(answers.count(request), 0U);
  const std::uint32_t patience = group_.config({leader_}).raft.election_ticks_max;
  for (std::uint32_t i = 0; i < 2 * patience; ++i) group_.tick();
  ASSERT_EQ(answers.count(request), 1U);
  EXPECT_TRUE(std::holds_alternative<Unknown>(answers.at(request)));
  EXPECT_EQ(group_[leader_].waiting(), 0U);
}

}  // namespace
}  // namespace replica
