// SPDX-License-Identifier: Apache-2.0
// Snapshots, compaction and reads at one server, where a scenario cannot bring about the case.
#include <gtest/gtest.h>

#include "raft/one_server.h"
#include "raft/paper.h"

namespace raft {
namespace {

using paper::append;
using paper::id;
using paper::only;

constexpr std::uint64_t kTotal = 6;

SnapshotMeta meta(std::uint64_t term, std::uint64_t index) {
  return {id(term, index), configuration_of({{1}, {2}, {3}})};
}

SnapshotChunk chunk(std::uint64_t term, EntryId last, std::uint64_t offset, std::string data) {
  return {Term(term), last, offset, kTotal, make_payload(std::move(data))};
}

Staged staged(EntryId last, std::uint64_t next, bool complete) {
  Staged result{last, next, std::nullopt};
  if (complete) result.complete = meta(1, 1).configuration;
  return result;
}

Effects step(Node& node, const Input& input) {
  Effects effects = node.step(input);
  node.check_invariants();
  return effects;
}

Node node_with(const std::vector<std::uint64_t>& log, std::optional<SnapshotMeta> snapshot = {},
               EntryId base = {}) {
  Config config;
  config.self = {1};
  config.initial = configuration_of({{1}, {2}, {3}});
  const std::uint64_t term = log.empty() ? base.term.value() : log.back();
  return {config, Recovered{{Term(term), std::nullopt},
                            std::move(snapshot),
                            kTotal,
                            base,
                            OneServer::make_log(log, base.index.value() + 1),
                            {}}};
}

// Hazards E2, E9: what follows the snapshot's last entry stays, if the log has that entry.
TEST(Snapshot, TheLogGoesOnBehindIt) {
  Node node = node_with({1, 1, 1, 1});
  ASSERT_TRUE(step(node, Receive{{2}, chunk(1, id(1, 2), 0, "abcdef")}).stage.has_value());
  const Effects effects = step(node, Staged{staged(id(1, 2), kTotal, true)});
  ASSERT_TRUE(effects.install.has_value());
  EXPECT_TRUE(effects.install->keeps_rest);
  EXPECT_TRUE(effects.must_sync());
  EXPECT_EQ(node.log().base(), id(1, 2));
  EXPECT_EQ(node.last(), id(1, 4));
  EXPECT_EQ(node.commit(), LogIndex(2));
  EXPECT_TRUE(effects.apply.empty());
}

TEST(Snapshot, NothingStaysOfALogThatConflicts) {
  Node node = node_with({1, 1, 1, 1});
  step(node, Receive{{2}, chunk(2, id(2, 2), 0, "abcdef")});
  const Effects effects = step(node, Staged{staged(id(2, 2), kTotal, true)});
  ASSERT_TRUE(effects.install.has_value());
  EXPECT_FALSE(effects.install->keeps_rest);
  EXPECT_EQ(node.last(), id(2, 2));
}

// Hazard E1: not over what is committed and perhaps applied already.
TEST(Snapshot, IsNotInstalledBelowTheCommitMark) {
  Node node = node_with({1, 1, 1});
  step(node, Receive{{2}, chunk(1, id(1, 2), 0, "abc")});
  step(node, Staged{staged(id(1, 2), 3, false)});
  step(node, Receive{{2}, append(1, id(1, 3), {}, 3)});
  ASSERT_EQ(node.commit(), LogIndex(3));
  // The leader hears that it is there.
  const auto replies =
      only<SnapshotReply>(step(node, Receive{{2}, chunk(1, id(1, 2), 3, "def")}).send_now);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].installed);
  EXPECT_EQ(node.log().base(), id(0, 0));
}

TEST(Snapshot, AChunkThatDoesNotComeNextIsNotStaged) {
  Node node = node_with({});
  const auto offset_asked = [&node](std::uint64_t offset, const std::string& data) {
    const Effects effects = step(node, Receive{{2}, chunk(1, id(1, 9), offset, data)});
    EXPECT_FALSE(effects.stage.has_value());
    std::vector<Envelope> sent = effects.send_now;
    for (const Held<Envelope>& held : effects.send_durable) {
      sent.push_back(held.open(TestReceipt::of(held.step())));
    }
    return only<SnapshotReply>(sent).at(0).next_offset;
  };
  EXPECT_EQ(offset_asked(3, "def"), 0U);
  EXPECT_TRUE(step(node, Receive{{2}, chunk(1, id(1, 9), 0, "abc")}).stage.has_value());
  // One at a time; the leader asks again.
  EXPECT_TRUE(step(node, Receive{{2}, chunk(1, id(1, 9), 0, "abc")}).send_now.empty());
  step(node, Staged{staged(id(1, 9), 3, false)});
  EXPECT_EQ(offset_asked(0, "abc"), 3U);
  // A newer snapshot begins anew (hazard E14).
  const Effects newer = step(node, Receive{{2}, chunk(1, id(1, 12), 0, "abcdef")});
  ASSERT_TRUE(newer.stage.has_value());
  EXPECT_EQ(newer.stage->last, id(1, 12));
}

TEST(Snapshot, WhatIsStagedButWrongIsAskedForAgain) {
  Node node = node_with({});
  const Effects begun = step(node, Receive{{2}, chunk(1, id(1, 9), 0, "abcdef")});
  step(node, Persisted{TestReceipt::of(begun.step)});  // Of the term.
  const Effects effects = step(node, Staged{staged(id(1, 9), 0, false)});
  EXPECT_FALSE(effects.install.has_value());
  EXPECT_EQ(only<SnapshotReply>(effects.send_now).at(0).next_offset, 0U);
}

// Hazard B30: whoever leads has what we have forgotten.
TEST(Snapshot, AnAppendThatBeginsBeforeTheBaseIsNotRefused) {
  Node node = node_with({1}, meta(1, 4), id(1, 4));
  const Effects effects = step(node, Receive{{2}, append(1, id(1, 2), {1, 1, 1, 1})});
  ASSERT_EQ(effects.append.size(), 1U);
  EXPECT_EQ(effects.append[0].id, id(1, 6));
  const Effects early = step(node, Receive{{2}, append(1, id(1, 1), {1, 1})});
  const auto replies = only<AppendReply>(early.send_now);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].success);
  EXPECT_EQ(replies[0].match(), LogIndex(3));
}

// Hazards A32, E8: the base keeps index and term over a restart, and the term does not go back.
TEST(Snapshot, ARestartGoesOnFromIt) {
  Node node = node_with({}, meta(3, 7), id(3, 7));
  EXPECT_EQ(node.last(), id(3, 7));
  EXPECT_EQ(node.commit(), LogIndex(7));
  EXPECT_EQ(node.term(), Term(3));
  EXPECT_EQ(node.configuration(), meta(3, 7).configuration);
  const Effects effects = step(node, Receive{{2}, append(3, id(3, 7), {3}, 8)});
  EXPECT_EQ(effects.append.size(), 1U);
  EXPECT_EQ(effects.apply.size(), 1U);
}

// Hazards E4, E18: entries go when the snapshot is durable, and an older one changes nothing.
TEST(Snapshot, CompactsUpToWhatIsDurableAndNoFurther) {
  OneServer server(3, 1, {1, 1, 1, 1});
  server.receive(2, append(1, id(1, 4), {}, 3));
  server.give(SnapshotTaken{meta(1, 3), kTotal, 1});
  EXPECT_EQ(server.node().log().base(), id(1, 2));
  server.give(SnapshotTaken{meta(1, 2), kTotal, 0});
  EXPECT_EQ(server.node().log().base(), id(1, 2));
  EXPECT_EQ(server.node().snapshot()->last, id(1, 3));
}

// To let all of them go at once takes milliseconds in which nobody is served.
TEST(Snapshot, CompactsALongLogInPieces) {
  constexpr std::uint64_t kEntries = 100'000;
  const std::vector<std::uint64_t> terms(kEntries, 1);
  OneServer server(3, 1, terms);
  Node node = server.node();
  step(node, Receive{{2}, append(1, id(1, kEntries), {}, kEntries)});
  Effects effects = step(node, SnapshotTaken{meta(1, kEntries), kTotal, 0});
  EXPECT_EQ(effects.drop_through, LogIndex(kEntries));  // The files can go.
  LogIndex base = node.log().base().index;
  for (int steps = 1; base < LogIndex(kEntries); ++steps) {
    ASSERT_LT(steps, 1'000);
    effects = step(node, Tick{});
    EXPECT_FALSE(effects.drop_through.has_value());
    const LogIndex after = node.log().base().index;
    ASSERT_LT(base, after);
    ASSERT_LE(after.since(base), kEntries / 64);
    base = after;
  }
  EXPECT_EQ(node.log().bytes(), 0U);
}

// Few entries can be long: what stays is bounded in bytes, too.
TEST(Snapshot, LeavesNoMoreBytesOfTheLogThanAllowed) {
  const auto base_after = [](std::uint64_t keep_entries, std::uint64_t keep_bytes) {
    OneServer server(3, 1, {1, 1, 1, 1, 1});
    server.receive(2, append(1, id(1, 5), {}, 5));
    server.give(SnapshotTaken{meta(1, 4), kTotal, keep_entries, keep_bytes});
    return server.node().log().base().index.value();
  };
  const std::uint64_t weight = OneServer(3, 1, {1, 1, 1}).node().log().bytes() / 3;
  EXPECT_EQ(base_after(3, 3 * weight), 1U);
  EXPECT_EQ(base_after(3, 3 * weight - 1), 2U);
  EXPECT_EQ(base_after(3, weight), 3U);
  EXPECT_EQ(base_after(3, weight - 1), 4U);  // One that is too long does not stay either.
  EXPECT_EQ(base_after(1, 3 * weight), 3U);  // The fewer of both.
  EXPECT_EQ(base_after(9, 9 * weight), 0U);  // More than there are.
}

TEST(SnapshotDeathTest, OfWhatIsNotCommittedIsABug) {
  OneServer server(3, 1, {1, 1});
  EXPECT_DEATH(server.give(SnapshotTaken{meta(1, 2), kTotal, 0}), "CHECK failed");
}

TEST(Snapshot, AChunkThatNoCorrectServerSendsIsIgnored) {
  Node node = node_with({});
  SnapshotChunk wrong = chunk(1, id(1, 9), 4, "abc");  // Ends behind the whole.
  EXPECT_FALSE(step(node, Receive{{2}, wrong}).must_sync() && node.leader());
  wrong = chunk(1, id(2, 9), 0, "abc");  // Of a term to come.
  EXPECT_FALSE(step(node, Receive{{2}, wrong}).stage.has_value());
  wrong = chunk(1, id(0, 0), 0, "abc");
  EXPECT_FALSE(step(node, Receive{{2}, wrong}).stage.has_value());
}

// Every queue has its limit: proposals in entries, reads of followers.
TEST(Limits, ProposalsAreRefusedWhenTooManyWait) {
  Config config;
  config.self = {1};
  config.initial = configuration_of({{1}, {2}});
  config.max_uncommitted_entries = 3;
  Node node(config, {});
  while (node.role() == Role::Follower) step(node, Tick{});
  const StepNumber voted = step(node, Receive{{2}, PreVoteReply{Term(1), true}}).step;
  step(node, Persisted{TestReceipt::of(voted)});
  step(node, Receive{{2}, VoteReply{Term(1), true}});
  ASSERT_EQ(node.role(), Role::Leader);
  const Propose two{{make_payload("a"), make_payload("b")}};
  EXPECT_TRUE(std::holds_alternative<Accepted>(*step(node, two).proposed));
  const Effects full = step(node, two);
  ASSERT_TRUE(std::holds_alternative<Refused>(*full.proposed));
  EXPECT_EQ(std::get<Refused>(*full.proposed).reason, Refused::Reason::Overloaded);
}

TEST(Limits, AFollowerHoldsSoManyReadsOnly) {
  Config config;
  config.self = {1};
  config.initial = configuration_of({{1}, {2}, {3}});
  config.max_pending_reads = 2;
  Node node(config, {});
  step(node, Receive{{2}, append(1, id(0, 0), {})});
  EXPECT_TRUE(step(node, Read{ReadId(1)}).unreadable.empty());
  EXPECT_TRUE(step(node, Read{ReadId(2)}).unreadable.empty());
  EXPECT_EQ(step(node, Read{ReadId(3)}).unreadable, (std::vector<ReadId>{ReadId(3)}));
}

}  // namespace
}  // namespace raft
