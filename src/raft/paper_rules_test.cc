// SPDX-License-Identifier: Apache-2.0
// Raft Figure 2, sentence by sentence: rules for servers. Each test quotes the sentence it
// checks. ("In Search of an Understandable Consensus Algorithm", extended version, page 4.) Where
// we differ from the words, the test says so.
#include <gtest/gtest.h>

#include "raft/paper.h"

namespace raft {
namespace {

using namespace paper;  // NOLINT(google-build-using-namespace): a handful of test helpers.

// ---- Rules for Servers: All Servers.

// "If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state machine
// (§5.3)"
TEST(PaperAllServers, WhatIsCommittedIsAppliedAtOnce) {
  OneServer follower(3, 1, {1, 1});
  follower.receive(2, append(1, id(1, 2), {}, 2));
  EXPECT_EQ(follower.applied().size(), 2U);

  OneServer leader(3, 1, {1, 1});
  leader.become_leader();
  leader.receive(3, stored(leader.node(), 3));
  EXPECT_EQ(leader.applied().size(), 3U);
}

// "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to
// follower (§5.1)"
TEST(PaperAllServers, ALaterTermInAnyRequestOrResponseMakesAFollower) {
  // Of requests for votes, those that a leader asked for: others do not depose a leader that is
  // heard (thesis §4.2.3).
  const std::vector<Message> messages = {
      RequestVote{Term(9), {}, true}, VoteReply{Term(9), false}, append(9, id(0, 0), {}),
      AppendReply{Term(9), {}, 0, 0, false, {}, false}, PreVoteReply{Term(9), false}};
  for (const Message& message : messages) {
    for (const Role role : {Role::Follower, Role::PreCandidate, Role::Candidate, Role::Leader}) {
      OneServer server(3, 1, {1});
      if (role == Role::PreCandidate) server.time_out();
      if (role == Role::Candidate) server.become_candidate();
      if (role == Role::Leader) server.become_leader();
      ASSERT_EQ(server.node().role(), role);
      server.receive(2, message);
      EXPECT_EQ(server.node().role(), Role::Follower) << describe(message);
      EXPECT_EQ(server.node().term(), Term(9)) << describe(message);
      EXPECT_EQ(server.saved()->term, Term(9)) << describe(message);
    }
  }
}

// Thesis §9.6, differs from the sentence above on purpose: a pre-vote asks about a term that nobody
// has entered, and a yes to it repeats that term.
TEST(PaperAllServers, APreVoteMovesNobodyIntoItsTerm) {
  OneServer server(3, 1, {1});
  server.receive(2, PreVote{Term(9), id(1, 1)});
  server.receive(2, PreVoteReply{Term(9), true});
  EXPECT_EQ(server.node().term(), Term(1));
  EXPECT_EQ(server.saved(), std::nullopt);
}

// ---- Rules for Servers: Followers (§5.2).

// "Respond to RPCs from candidates and leaders"
TEST(PaperFollowers, RespondToCandidatesAndLeaders) {
  OneServer server(3);
  EXPECT_EQ(receivers(server.receive(2, RequestVote{Term(1), {}})),
            (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(receivers(server.receive(2, append(1, id(0, 0), {1}))),
            (std::vector<std::uint32_t>{2}));
}

// "If election timeout elapses without receiving AppendEntries RPC from current leader or granting
// vote to candidate: convert to candidate". Differs: it asks for pre-votes first (thesis §9.6).
TEST(PaperFollowers, ElectionTimeoutStartsAnElection) {
  OneServer server(3, 1, {1});
  EXPECT_EQ(receivers(server.time_out()), (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(server.node().role(), Role::PreCandidate);
  EXPECT_EQ(server.node().term(), Term(1));
  server.receive(2, PreVoteReply{Term(2), true});
  EXPECT_EQ(server.node().role(), Role::Candidate);
}

TEST(PaperFollowers, TheCurrentLeaderAndAGrantedVoteHoldTheTimeoutOff) {
  const Message heartbeat = append(2, id(1, 1), {});
  const Message good_candidate = RequestVote{Term(2), id(1, 1)};
  for (const Message& message : {heartbeat, good_candidate}) {
    OneServer server(3, 1, {1});
    for (int i = 0; i < 100; ++i) {
      server.give(Tick{});
      ASSERT_EQ(server.node().role(), Role::Follower) << describe(message) << " tick " << i;
      if (i % 5 == 0) server.receive(2, message);
    }
  }
}

TEST(PaperFollowers, NothingElseHoldsTheTimeoutOff) {
  const Message old_leader = append(0, id(0, 0), {});
  const Message bad_candidate = RequestVote{Term(2), id(0, 0)};
  const Message pre_vote = PreVote{Term(2), id(1, 1)};
  for (const Message& message : {old_leader, bad_candidate, pre_vote}) {
    OneServer server(3, 1, {1});
    for (int i = 0; i < 20; ++i) {
      server.give(Tick{});
      server.receive(2, message);
    }
    EXPECT_EQ(server.node().role(), Role::PreCandidate) << describe(message);
  }
}

// ---- Rules for Servers: Candidates (§5.2).

// "On conversion to candidate, start election: Increment currentTerm; Vote for self; Reset election
// timer; Send RequestVote RPCs to all other servers"
TEST(PaperCandidates, ConversionStartsAnElection) {
  OneServer server(3, 1, {1});
  server.time_out();
  for (int i = 0; i < 9; ++i) server.give(Tick{});
  ASSERT_EQ(server.node().role(), Role::PreCandidate);
  const std::vector<Envelope> sent = server.receive(2, PreVoteReply{Term(2), true});
  EXPECT_EQ(server.saved(), (HardState{Term(2), NodeId{1}}));
  EXPECT_EQ(receivers(sent), (std::vector<std::uint32_t>{2, 3}));
  for (const RequestVote& request : only<RequestVote>(sent)) {
    EXPECT_EQ(request.term, Term(2));
    EXPECT_EQ(request.last, id(1, 1));
  }
  // The timer began anew: it would have run out by now.
  for (int i = 0; i < 9; ++i) server.give(Tick{});
  EXPECT_EQ(server.node().role(), Role::Candidate);
}

// "If votes received from majority of servers: become leader"
TEST(PaperCandidates, AMajorityOfVotesMakesALeader) {
  OneServer server(5);
  server.become_candidate();
  server.receive(2, VoteReply{Term(1), true});
  server.receive(2, VoteReply{Term(1), true});
  server.receive(3, VoteReply{Term(1), false});
  server.receive(4, VoteReply{Term(0), true});
  server.receive(4, PreVoteReply{Term(1), true});
  server.receive(9, VoteReply{Term(1), true});  // No voter.
  EXPECT_EQ(server.node().role(), Role::Candidate);
  server.receive(5, VoteReply{Term(1), true});
  EXPECT_EQ(server.node().role(), Role::Leader);
  EXPECT_EQ(server.node().leader(), NodeId{1});
}

// "If AppendEntries RPC received from new leader: convert to follower"
TEST(PaperCandidates, ANewLeaderIsFollowed) {
  OneServer server(3);
  server.become_candidate();
  server.receive(3, append(1, id(0, 0), {}));
  EXPECT_EQ(server.node().role(), Role::Follower);
  EXPECT_EQ(server.node().leader(), NodeId{3});
  EXPECT_EQ(server.node().vote(), NodeId{1});  // Still its vote in this term.
}

// "If election timeout elapses: start new election"
TEST(PaperCandidates, ATimeoutStartsANewElection) {
  OneServer server(3);
  server.become_candidate();
  ASSERT_EQ(server.node().term(), Term(1));
  for (int i = 0; i < 20; ++i) server.give(Tick{});
  EXPECT_EQ(server.node().role(), Role::PreCandidate);
  server.receive(2, PreVoteReply{Term(2), true});
  EXPECT_EQ(server.node().role(), Role::Candidate);
  EXPECT_EQ(server.node().term(), Term(2));
}

// ---- Rules for Servers: Leaders.

// "Upon election: send initial empty AppendEntries RPCs (heartbeat) to each server; repeat during
// idle periods to prevent election timeouts (§5.2)". Differs: the first message already carries the
// no-op entry that §8 asks for.
TEST(PaperLeaders, ElectionIsAnnouncedAndRepeatedDuringIdlePeriods) {
  OneServer server(3);
  server.become_candidate();
  const std::vector<Envelope> first = server.receive(2, VoteReply{Term(1), true});
  EXPECT_EQ(receivers(first), (std::vector<std::uint32_t>{2, 3}));
  ASSERT_EQ(only<AppendEntries>(first).size(), 2U);
  EXPECT_EQ(only<AppendEntries>(first)[0].entries[0].kind, EntryKind::Noop);

  server.give(Tick{});
  const std::vector<Envelope> second = server.give(Tick{});  // heartbeat_ticks is 2.
  EXPECT_EQ(receivers(second), (std::vector<std::uint32_t>{2, 3}));
  EXPECT_TRUE(only<AppendEntries>(second).at(0).entries.empty());
}

// "If command received from client: append entry to local log, respond after entry applied to state
// machine (§5.3)"
TEST(PaperLeaders, ACommandIsAppendedAndAppliedOnceCommitted) {
  OneServer server(3);
  server.become_leader();
  server.give(Propose{{make_payload("x")}});
  EXPECT_EQ(std::get<Accepted>(*server.proposed()).first, id(1, 2));
  EXPECT_EQ(server.node().last(), id(1, 2));
  EXPECT_TRUE(server.applied().empty());
  server.receive(2, stored(server.node(), 2));
  ASSERT_EQ(server.applied().size(), 2U);
  EXPECT_EQ(*server.applied()[1].payload, "x");
}

// "If last log index >= nextIndex for a follower: send AppendEntries RPC with log entries starting
// at nextIndex"
TEST(PaperLeaders, AFollowerGetsEntriesFromItsNextIndexOn) {
  OneServer server(2);
  server.become_leader();
  server.receive(2, stored(server.node(), 1));
  const auto sent =
      only<AppendEntries>(server.give(Propose{{make_payload("x"), make_payload("y")}}));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].previous, id(1, 1));
  ASSERT_EQ(sent[0].entries.size(), 2U);
  EXPECT_EQ(sent[0].entries[0].id, id(1, 2));
}

// "If successful: update nextIndex and matchIndex for follower (§5.3)"
TEST(PaperLeaders, SuccessUpdatesNextAndMatchIndex) {
  OneServer server(3, 1, {1, 1});
  server.become_leader();
  server.receive(2, stored(server.node(), 3));
  EXPECT_EQ(server.node().find_leadership()->progress({2}).match(), LogIndex(3));
  EXPECT_EQ(server.node().find_leadership()->progress({2}).next(), LogIndex(4));
  EXPECT_EQ(server.node().find_leadership()->progress({3}).match(), LogIndex(0));
}

// "If AppendEntries fails because of log inconsistency: decrement nextIndex and retry (§5.3)".
// Differs as §5.3 allows: by a term a time, with the follower's hint.
TEST(PaperLeaders, InconsistencyDecrementsNextIndexAndRetries) {
  OneServer server(3, 5, {1, 1, 4, 4, 5});
  server.become_leader();
  const AppendReply refusal{Term(6), LogIndex(5), 0, false, {}, id(2, 4)};
  const auto sent = only<AppendEntries>(server.receive(2, refusal));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].previous, id(1, 2));
  EXPECT_EQ(sent[0].entries.size(), 4U);
  EXPECT_EQ(server.node().find_leadership()->progress({2}).match(), LogIndex(0));
}

// "If there exists an N such that N > commitIndex, a majority of matchIndex[i] >= N, and
// log[N].term == currentTerm: set commitIndex = N (§5.3, §5.4)."
TEST(PaperLeaders, AMajorityCommitsAnEntryOfTheCurrentTerm) {
  OneServer server(5, 1, {1, 1});
  server.become_leader();
  server.receive(2, stored(server.node(), 2));
  server.receive(3, stored(server.node(), 2));
  server.receive(4, stored(server.node(), 2));
  EXPECT_EQ(server.node().commit(), LogIndex(0));  // All have entry 2, but it is of term 1.
  server.receive(2, stored(server.node(), 3));
  EXPECT_EQ(server.node().commit(), LogIndex(0));  // Two of five.
  server.receive(3, stored(server.node(), 3));
  EXPECT_EQ(server.node().commit(), LogIndex(3));  // And all before it (§5.4.2).
}

}  // namespace
}  // namespace raft
