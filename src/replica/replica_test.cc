// SPDX-License-Identifier: Apache-2.0
#include "replica/replica.h"

#include "replica/group_test.h"

namespace replica {
namespace {

constexpr RequestId kFirst(1);
constexpr RequestId kSecond(2);

std::optional<kv::Reply> reply_to(Recorder& recorder, RequestId id) {
  const auto found = recorder.answers.find(id);
  if (found == recorder.answers.end()) return std::nullopt;
  const auto* done = std::get_if<Done>(&found->second);
  if (done == nullptr) return std::nullopt;
  return kv::decode_reply(done->answer).value();
}

bool is_not_done(Recorder& recorder, RequestId id, NotDone::Reason reason) {
  const auto found = recorder.answers.find(id);
  if (found == recorder.answers.end()) return false;
  const auto* not_done = std::get_if<NotDone>(&found->second);
  return not_done != nullptr && not_done->reason == reason;
}

std::uint32_t another(std::uint32_t id) { return id == 1 ? 2 : 1; }

TEST(Replica, AnswersAWriteWhenItIsApplied) {
  Group group(3);
  const std::uint32_t leader = group.elect();
  group[leader].write(kFirst, set_command("x", "1"));
  ASSERT_TRUE(group.turn({leader}).ok());
  EXPECT_TRUE(group.recorder(leader).answers.empty());  // No majority has it yet.
  group.settle();
  ASSERT_TRUE(reply_to(group.recorder(leader), kFirst));
  EXPECT_EQ(group.machine(leader).read(kv::Get{"x"}), kv::Reply{kv::Bulk{"1"}});
  EXPECT_EQ(group[leader].waiting(), 0U);
}

TEST(Replica, AloneAnswersWithinTheTurn) {
  Group group(1);
  const std::uint32_t leader = group.elect();
  group[leader].write(kFirst, set_command("x", "1"));
  group[leader].read(kSecond, query(kv::Get{"x"}), kFirst);
  ASSERT_TRUE(group.turn({leader}).ok());
  EXPECT_TRUE(reply_to(group.recorder(leader), kFirst));
  ASSERT_TRUE(reply_to(group.recorder(leader), kSecond));
  EXPECT_EQ(reply_to(group.recorder(leader), kSecond), kv::Reply{kv::Bulk{"1"}});
}

TEST(Replica, SyncsOnceATurnAndSendsToFollowersBefore) {
  Group group(3);
  const std::uint32_t leader = group.elect();
  const std::uint64_t syncs = group.disk(leader).syncs();
  for (std::uint64_t i = 1; i <= 10; ++i) group[leader].write(RequestId(i), set_command("x", "1"));
  ASSERT_TRUE(group[leader].finish_turn().ok());
  EXPECT_EQ(group.disk(leader).syncs(), syncs + 1);
  std::size_t entries = 0;
  for (const Recorder::Sent& sent : group.recorder(leader).sent) {
    EXPECT_EQ(sent.syncs, syncs) << "sent after the sync";
    entries += std::get<raft::AppendEntries>(sent.envelope.message).entries.size();
  }
  EXPECT_EQ(group.recorder(leader).sent.size(), 2U);
  EXPECT_EQ(entries, 20U);
}

TEST(Replica, AcknowledgesAsAFollowerAfterItsSync) {
  Group group(3);
  const std::uint32_t leader = group.elect();
  group[leader].write(kFirst, set_command("x", "1"));
  ASSERT_TRUE(group.turn({leader}).ok());
  const Group::Flight append = group.wire.front();
  const std::uint32_t follower = append.envelope.to.value;
  const std::uint64_t syncs = group.disk(follower).syncs();
  group[follower].receive(append.from, append.envelope.message);
  ASSERT_TRUE(group[follower].finish_turn().ok());
  ASSERT_EQ(group.recorder(follower).sent.size(), 1U);
  EXPECT_EQ(group.recorder(follower).sent[0].syncs, syncs + 1);
}

TEST(Replica, ReadsWhatTheWriteBeforeItInTheSameTurnWrites) {
  Group group(3);
  const std::uint32_t leader = group.elect();
  group[leader].write(kFirst, set_command("x", "1"));
  group[leader].read(kSecond, query(kv::Get{"x"}), kFirst);
  ASSERT_TRUE(group.turn({leader}).ok());
  group.settle();
  ASSERT_TRUE(reply_to(group.recorder(leader), kSecond));
  EXPECT_EQ(reply_to(group.recorder(leader), kSecond), kv::Reply{kv::Bulk{"1"}});
}

TEST(Replica, RefusesWhenItDoesNotLead) {
  Group group(3);
  const std::uint32_t follower = another(group.elect());
  group[follower].write(kFirst, set_command("x", "1"));
  ASSERT_TRUE(group.turn({follower}).ok());
  EXPECT_TRUE(is_not_done(group.recorder(follower), kFirst, NotDone::Reason::NotLeader));
}

TEST(Replica, ReadsWhereItDoesNotLeadByAskingTheLeader) {
  Group group(3);
  const std::uint32_t leader = group.elect();
  const std::uint32_t follower = another(leader);
  group[leader].write(kFirst, set_command("x", "1"));
  ASSERT_TRUE(group.turn({leader}).ok());
  group.settle();
  group[follower].read(kSecond, query(kv::Get{"x"}), std::nullopt);
  ASSERT_TRUE(group.turn({follower}).ok());
  EXPECT_FALSE(group.recorder(follower).answers.contains(kSecond));
  group.settle();
  group.tick();  // The commit mark comes with the next heartbeat.
  EXPECT_EQ(reply_to(group.recorder(follower), kSecond), kv::Reply{kv::Bulk{"1"}});
}

TEST(Replica, RefusesWhatWouldWaitBeyondItsLimit) {
  Group group(3);
  const std::uint32_t leader = group.elect();
  const std::uint64_t limit = group.config({leader}).max_waiting;
  for (std::uint64_t i = 1; i <= limit + 1; ++i)
    group[leader].write(RequestId(i), set_command("x", "1"));
  EXPECT_TRUE(
      is_not_done(group.recorder(leader), RequestId(limit + 1), NotDone::Reason::Overloaded));
  ASSERT_TRUE(group.turn({leader}).ok());
  group.settle();
  EXPECT_TRUE(reply_to(group.recorder(leader), RequestId(limit)));
}

TEST(Replica, RefusesReadsThatAreTooLongTogetherUntilSomeAreAnswered) {
  Group group(3);
  const std::uint32_t leader = group.elect();
  const auto read = [&](std::uint64_t id, std::size_t bytes) {
    group[leader].read(RequestId(id), query(kv::Get{std::string(bytes, 'k')}), std::nullopt);
  };
  const auto answered = [&](std::uint64_t id) {
    return group.recorder(leader).answers.contains(RequestId(id));
  };
  for (std::uint64_t round = 0; round < 30; round += 10) {
    read(round + 1, 600);
    read(round + 2, 600);
    read(round + 3, 100);
    EXPECT_TRUE(
        is_not_done(group.recorder(leader), RequestId(round + 2), NotDone::Reason::Overloaded));
    ASSERT_TRUE(group.turn({leader}).ok());
    read(round + 4, 600);  // The first ones wait for the others to say who leads.
    EXPECT_TRUE(
        is_not_done(group.recorder(leader), RequestId(round + 4), NotDone::Reason::Overloaded));
    EXPECT_FALSE(answered(round + 1));
    group.settle();
    EXPECT_TRUE(reply_to(group.recorder(leader), RequestId(round + 1)));
    EXPECT_TRUE(reply_to(group.recorder(leader), RequestId(round + 3)));
  }
  read(100, 5'000);  // One passes, or it never could.
  read(101, 1);
  EXPECT_TRUE(is_not_done(group.recorder(leader), RequestId(101), NotDone::Reason::Overloaded));
}

TEST(Reads, CountTheBytesOfWhatWaitsHoweverItEnds) {
  Reads reads;
  const auto ask = [&](std::initializer_list<std::size_t> sizes) {
    for (const std::size_t size : sizes) reads.add({kFirst, std::string(size, 'q'), {}});
    return *reads.ask();
  };
  const auto readable = [&](raft::ReadId id, std::uint64_t applied) {
    reads.on_readable(
        {id, raft::LogIndex(5)}, raft::LogIndex(applied),
        [](const Reads::Read& /*read*/) { return raft::LogIndex(); },
        [](const Reads::Read& /*read*/) {});
  };
  readable(ask({10, 20}), 5);
  EXPECT_EQ(reads.query_bytes(), 0U);
  const raft::ReadId first = ask({10, 20});
  const raft::ReadId second = ask({300, 400});
  EXPECT_EQ(reads.query_bytes(), 730U);
  EXPECT_EQ(reads.take_unreadable(first).size(), 2U);
  EXPECT_EQ(reads.query_bytes(), 700U);
  readable(second, 4);
  EXPECT_EQ(reads.query_bytes(), 700U);
  const std::size_t size = reads.take_ready(raft::LogIndex(5))->query.size();
  EXPECT_EQ(reads.query_bytes(), 700U - size);
  EXPECT_EQ(reads.take_all_ready().size(), 1U);
  EXPECT_EQ(reads.query_bytes(), 0U);
}

TEST(Replica, RefusesWhatMakesTheTurnHeavierThanMayBeUncommitted) {
  Group group(1);
  group.max_uncommitted_bytes = 1'000;
  group.crash({1}, io::testing::Survival::Everything);
  group.start({1});
  group.elect();
  const auto write = [&](std::uint64_t id, std::size_t bytes) {
    group[1].write(RequestId(id), set_command("x", std::string(bytes, 'v')));
  };
  write(1, 600);
  write(2, 600);
  write(3, 100);
  ASSERT_TRUE(group.turn({1}).ok());
  EXPECT_TRUE(reply_to(group.recorder(1), RequestId(1)));
  EXPECT_TRUE(is_not_done(group.recorder(1), RequestId(2), NotDone::Reason::Overloaded));
  EXPECT_TRUE(reply_to(group.recorder(1), RequestId(3)));
  write(4, 5'000);  // One passes, or it never could.
  write(5, 1);
  ASSERT_TRUE(group.turn({1}).ok());
  EXPECT_TRUE(reply_to(group.recorder(1), RequestId(4)));
  EXPECT_TRUE(is_not_done(group.recorder(1), RequestId(5), NotDone::Reason::Overloaded));
}

TEST(Replica, SaysUnknownToWritesAndNotDoneToReadsWhenItIsDeposed) {
  Group group(3);
  const std::uint32_t old_leader = group.elect();
  group.isolate(old_leader);
  group[old_leader].write(kFirst, set_command("x", "lost"));
  group[old_leader].read(kSecond, query(kv::Get{"x"}), std::nullopt);
  ASSERT_TRUE(group.turn({old_leader}).ok());
  const std::uint32_t leader = group.elect();
  ASSERT_NE(leader, old_leader);
  group.heal();
  for (int i = 0; i < 100 && group.recorder(old_leader).answers.size() < 2; ++i) group.tick();
  ASSERT_EQ(group.recorder(old_leader).answers.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<Unknown>(group.recorder(old_leader).answers.at(kFirst)));
  EXPECT_TRUE(is_not_done(group.recorder(old_leader), kSecond, NotDone::Reason::NotLeader));
  EXPECT_EQ(group[old_leader].waiting(), 0U);
}

// The Nth call to the disk fails, for every N of a turn: the turn says so, and nothing that was not
// durable has been promised.
TEST(Replica, StopsAtTheFirstErrorOfTheDisk) {
  for (std::uint64_t call = 1; call <= 2; ++call) {
    Group group(1);
    const std::uint32_t leader = group.elect();
    group.disk(leader).plan(io::testing::Fault::Error, call);
    group[leader].write(kFirst, set_command("x", "1"));
    EXPECT_FALSE(group.turn({leader}).ok());
    ASSERT_TRUE(group.recorder(leader).answers.contains(kFirst));  // It may be on the disk or not.
    EXPECT_TRUE(std::holds_alternative<Unknown>(group.recorder(leader).answers.at(kFirst)));
    EXPECT_EQ(group[leader].waiting(), 0U);
  }
}

TEST(Replica, GivesBackEverythingAcknowledgedAfterAllLostTheirPower) {
  Group group(3);
  const std::uint32_t leader = group.elect();
  for (std::uint64_t i = 1; i <= 10; ++i) {
    group[leader].write(RequestId(i), set_command("k" + std::to_string(i), "v"));
    ASSERT_TRUE(group.turn({leader}).ok());
    group.settle();
    ASSERT_TRUE(reply_to(group.recorder(leader), RequestId(i)));
  }
  for (const raft::NodeId id : group.ids()) group.crash(id, io::testing::Survival::Nothing);
  for (const raft::NodeId id : group.ids()) group.start(id);
  const std::uint32_t now = group.elect();
  group[now].read(kFirst, query(kv::DbSize{}), std::nullopt);
  ASSERT_TRUE(group.turn({now}).ok());
  group.settle();
  ASSERT_TRUE(reply_to(group.recorder(now), kFirst));
  EXPECT_EQ(reply_to(group.recorder(now), kFirst), kv::Reply{kv::Integer{10}});
}

}  // namespace
}  // namespace replica
