// SPDX-License-Identifier: Apache-2.0
// Raft Figure 2, sentence by sentence: state and RPCs. Each test quotes the sentence it
// checks. ("In Search of an Understandable Consensus Algorithm", extended version, page 4.) Where
// we differ from the words, the test says so.
#include <gtest/gtest.h>

#include "raft/paper.h"

namespace raft {
namespace {

using namespace paper;  // NOLINT(google-build-using-namespace): a handful of test helpers.

// ---- State. "Persistent state on all servers (Updated on stable storage before responding to
// RPCs)".

TEST(PaperState, PersistentStateIsUpdatedBeforeRespondingToRpcs) {
  Config config;
  config.self = {1};
  config.initial = configuration_of({{1}, {2}, {3}});
  Node node(config, {});
  const Effects vote = node.step(Receive{{2}, RequestVote{Term(1), {}}});
  EXPECT_EQ(vote.save, (HardState{Term(1), NodeId{2}}));
  EXPECT_TRUE(vote.send_now.empty());
  ASSERT_EQ(vote.send_durable.size(), 1U);
  EXPECT_EQ(vote.send_durable[0].step(), vote.step);

  const Effects stored = node.step(Receive{{2}, append(1, id(0, 0), {1, 1})});
  EXPECT_EQ(stored.append.size(), 2U);
  EXPECT_TRUE(stored.send_now.empty());
  ASSERT_EQ(stored.send_durable.size(), 1U);
  EXPECT_EQ(stored.send_durable[0].step(), stored.step);
}

// "currentTerm: latest term server has seen (initialized to 0 on first boot, increases
// monotonically)"
TEST(PaperState, CurrentTermStartsAt0AndOnlyIncreases) {
  OneServer server(3);
  EXPECT_EQ(server.node().term(), Term(0));
  server.receive(2, append(5, id(0, 0), {}));
  EXPECT_EQ(server.node().term(), Term(5));
  server.receive(3, append(4, id(0, 0), {}));
  server.receive(3, RequestVote{Term(3), {}});
  EXPECT_EQ(server.node().term(), Term(5));
}

// "votedFor: candidateId that received vote in current term (or null if none)"
TEST(PaperState, VotedForBelongsToTheCurrentTerm) {
  OneServer server(3);
  EXPECT_EQ(server.node().vote(), std::nullopt);
  server.receive(2, RequestVote{Term(1), {}});
  EXPECT_EQ(server.node().vote(), NodeId{2});
  server.receive(3, append(2, id(0, 0), {}));
  EXPECT_EQ(server.saved(), (HardState{Term(2), std::nullopt}));
}

// "log[]: log entries; each entry contains command for state machine, and term when entry was
// received by leader (first index is 1)"
TEST(PaperState, LogStartsAtIndex1AndKeepsTheTermOfEachCommand) {
  OneServer server(1);
  server.become_leader();
  server.give(Propose{{make_payload("x")}});
  EXPECT_EQ(server.node().log().at(LogIndex(1)).kind, EntryKind::Noop);
  EXPECT_EQ(server.node().log().at(LogIndex(2)).id, id(1, 2));
  EXPECT_EQ(*server.node().log().at(LogIndex(2)).payload, "x");
}

// "commitIndex: index of highest log entry known to be committed (initialized to 0, increases
// monotonically)"
TEST(PaperState, CommitIndexStartsAt0AndOnlyIncreases) {
  OneServer server(3, 1, {1, 1, 1});
  EXPECT_EQ(server.node().commit(), LogIndex(0));
  server.receive(2, append(1, id(1, 3), {}, 3));
  EXPECT_EQ(server.node().commit(), LogIndex(3));
  server.receive(2, append(1, id(1, 2), {}, 1));
  EXPECT_EQ(server.node().commit(), LogIndex(3));
}

// "lastApplied: index of highest log entry applied to state machine (initialized to 0, increases
// monotonically)": what is committed is handed out in the same step, so it is the commit index.
TEST(PaperState, EachEntryIsAppliedOnceAndInOrder) {
  OneServer server(3, 1, {1, 1, 1});
  server.receive(2, append(1, id(1, 3), {}, 2));
  ASSERT_EQ(server.applied().size(), 2U);
  EXPECT_EQ(server.applied()[0].id, id(1, 1));
  EXPECT_EQ(server.applied()[1].id, id(1, 2));
  server.receive(2, append(1, id(1, 3), {}, 3));
  ASSERT_EQ(server.applied().size(), 1U);
  EXPECT_EQ(server.applied()[0].id, id(1, 3));
}

// "nextIndex[]: for each server, index of the next log entry to send to that server (initialized
// to leader last log index + 1)"; "matchIndex[]: for each server, index of highest log entry known
// to be replicated on server (initialized to 0, increases monotonically)". "(Reinitialized after
// election)"
TEST(PaperState, NextAndMatchIndexAreReinitializedAfterElection) {
  OneServer server(3, 1, {1, 1, 1});
  server.become_leader();
  EXPECT_EQ(server.node().find_leadership()->progress({2}).next(), LogIndex(4));
  EXPECT_EQ(server.node().find_leadership()->progress({2}).match(), LogIndex(0));
  server.receive(2, stored(server.node(), 4));
  EXPECT_EQ(server.node().find_leadership()->progress({2}).match(), LogIndex(4));
  server.receive(2, stored(server.node(), 3));
  EXPECT_EQ(server.node().find_leadership()->progress({2}).match(), LogIndex(4));

  server.receive(2, append(9, id(0, 0), {}));
  server.become_leader();
  EXPECT_EQ(server.node().find_leadership()->progress({2}).next(), LogIndex(5));
  EXPECT_EQ(server.node().find_leadership()->progress({2}).match(), LogIndex(0));
}

// ---- AppendEntries RPC. "Invoked by leader to replicate log entries (§5.3); also used as
// heartbeat (§5.2)." Receiver implementation:

// "1. Reply false if term < currentTerm (§5.1)"
TEST(PaperAppendEntries, Rule1AnOldTermIsRefused) {
  OneServer server(3, 4, {1, 1});
  const AppendReply reply = answer<AppendReply>(server, 2, append(3, id(1, 2), {3}, 2));
  EXPECT_FALSE(reply.success);
  EXPECT_EQ(reply.term, Term(4));
  EXPECT_EQ(server.log_terms(), (Terms{1, 1}));
  EXPECT_EQ(server.node().commit(), LogIndex(0));
  EXPECT_EQ(server.node().leader(), std::nullopt);
}

// "2. Reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm
// (§5.3)"
TEST(PaperAppendEntries, Rule2AMissingOrDifferentPreviousEntryIsRefused) {
  OneServer server(3, 4, {1, 2, 2});
  EXPECT_FALSE(answer<AppendReply>(server, 2, append(4, id(3, 3), {4}, 3)).success);
  EXPECT_FALSE(answer<AppendReply>(server, 2, append(4, id(2, 4), {4}, 3)).success);
  EXPECT_EQ(server.log_terms(), (Terms{1, 2, 2}));
  EXPECT_EQ(server.node().commit(), LogIndex(0));
  EXPECT_TRUE(answer<AppendReply>(server, 2, append(4, id(2, 3), {})).success);
}

// "3. If an existing entry conflicts with a new one (same index but different terms), delete the
// existing entry and all that follow it (§5.3)"
TEST(PaperAppendEntries, Rule3AConflictIsDeletedWithAllThatFollows) {
  OneServer server(3, 4, {1, 2, 2, 2});
  EXPECT_TRUE(answer<AppendReply>(server, 2, append(4, id(1, 1), {2, 3})).success);
  EXPECT_EQ(server.log_terms(), (Terms{1, 2, 3}));
}

// §5.3 and the same rule from the other side: what does not conflict stays.
TEST(PaperAppendEntries, Rule3AShorterOrOlderMessageDeletesNothing) {
  OneServer server(3, 4, {1, 2, 2, 2});
  EXPECT_EQ(answer<AppendReply>(server, 2, append(4, id(1, 1), {2})).match(), LogIndex(2));
  EXPECT_EQ(answer<AppendReply>(server, 2, append(4, id(0, 0), {})).match(), LogIndex(0));
  EXPECT_EQ(server.log_terms(), (Terms{1, 2, 2, 2}));
}

// "4. Append any new entries not already in the log"
TEST(PaperAppendEntries, Rule4OnlyNewEntriesAreAppended) {
  OneServer server(3, 4, {1, 2});
  const AppendEntries request = append(4, id(1, 1), {2, 4, 4});
  EXPECT_EQ(answer<AppendReply>(server, 2, request).match(), LogIndex(4));
  EXPECT_EQ(server.log_terms(), (Terms{1, 2, 4, 4}));
  EXPECT_EQ(answer<AppendReply>(server, 2, request).match(), LogIndex(4));
  EXPECT_EQ(server.log_terms(), (Terms{1, 2, 4, 4}));
}

// "5. If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new entry)".
// "Last new entry" is the last that this message speaks of, not the last in the log.
TEST(PaperAppendEntries, Rule5CommitGoesNoFurtherThanTheMessageChecked) {
  OneServer server(3, 4, {1, 2, 2, 2});
  server.receive(2, append(4, id(1, 1), {2}, 4));
  EXPECT_EQ(server.node().commit(), LogIndex(2));
  server.receive(2, append(4, id(2, 2), {2, 2}, 3));
  EXPECT_EQ(server.node().commit(), LogIndex(3));
}

// ---- RequestVote RPC. "Invoked by candidates to gather votes (§5.2)." Receiver implementation:

// "1. Reply false if term < currentTerm (§5.1)"
TEST(PaperRequestVote, Rule1AnOldTermIsRefused) {
  OneServer server(3, 4);
  const VoteReply reply = answer<VoteReply>(server, 2, RequestVote{Term(3), id(3, 9)});
  EXPECT_FALSE(reply.granted);
  EXPECT_EQ(reply.term, Term(4));
}

// "2. If votedFor is null or candidateId, and candidate's log is at least as up-to-date as
// receiver's log, grant vote (§5.2, §5.4)"
TEST(PaperRequestVote, Rule2OneVoteATermToALogThatIsNotBehind) {
  struct Case {
    std::optional<NodeId> voted_for;
    EntryId last;
    bool granted;
  };
  const std::vector<Case> cases = {
      {std::nullopt, id(2, 3), true}, {NodeId{2}, id(2, 3), true},
      {NodeId{3}, id(2, 3), false},   {std::nullopt, id(2, 2), false},
      {NodeId{2}, id(2, 2), false},   {std::nullopt, id(1, 9), false},
      {std::nullopt, id(2, 4), true}, {std::nullopt, id(3, 1), true},
  };
  for (const Case& c : cases) {
    OneServer server(3, 4, {1, 2, 2}, c.voted_for);
    const VoteReply reply = answer<VoteReply>(server, 2, RequestVote{Term(4), c.last});
    EXPECT_EQ(reply.granted, c.granted) << describe(c.last);
    EXPECT_EQ(reply.term, Term(4));
    EXPECT_EQ(server.node().vote(), c.granted ? NodeId{2} : c.voted_for);
  }
}

}  // namespace
}  // namespace raft
