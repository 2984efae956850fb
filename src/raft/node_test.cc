// SPDX-License-Identifier: Apache-2.0
// What no peer may do to a server, what its owner may not, and the nouns it is made of.
#include "raft/node.h"

#include <gtest/gtest.h>

#include <limits>

#include "raft/one_server.h"

namespace raft {
namespace {

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

EntryId id(std::uint64_t term, std::uint64_t index) { return {Term(term), LogIndex(index)}; }

TEST(Node, AnswersStrangersButNotItself) {
  OneServer server(3);
  EXPECT_TRUE(server.receive(1, RequestVote{Term(7), {}}).empty());  // Its own id: a mirror.
  EXPECT_EQ(server.node().term(), Term(0));
  // A voter may be one that this server has not heard of yet (thesis §4.2.3).
  EXPECT_EQ(server.receive(9, RequestVote{Term(7), {}}).size(), 1U);
  EXPECT_EQ(server.node().vote(), NodeId{9});
}

TEST(Node, CountsNoStrangers) {
  OneServer server(3, 1, {1});
  server.become_candidate();
  server.receive(9, VoteReply{Term(2), true});
  EXPECT_EQ(server.node().role(), Role::Candidate);
  server.receive(2, VoteReply{Term(2), true});
  ASSERT_EQ(server.node().role(), Role::Leader);
  server.receive(9, AppendReply{Term(2), LogIndex(1), 1, 0, true, {}, false});
  EXPECT_EQ(server.node().commit(), LogIndex(0));
}

TEST(Node, IgnoresWhatNoCorrectServerSends) {
  const auto entries = OneServer::make_log({1, 1}, 5);
  const std::vector<Message> messages = {
      RequestVote{Term(kHuge), {}},
      PreVote{Term(kHuge), {}},
      AppendEntries{Term(1), id(1, 0), {}, 0, {}},
      AppendEntries{Term(1), id(0, 1), {}, 0, {}},
      AppendEntries{Term(1), id(1, kHuge), {}, 0, entries},
      AppendEntries{Term(1), id(1, 3), {}, 0, entries},  // A gap.
      AppendEntries{Term(1), id(2, 4), {}, 0, {}},       // From after its own term.
      AppendEntries{Term(1), id(1, 4), {}, 0, {{id(1, 5), EntryKind::Command, nullptr}}},
      AppendEntries{Term(1), id(1, 4), {}, 0, {{id(1, 5), EntryKind::Noop, make_payload("x")}}},
  };
  for (const Message& message : messages) {
    OneServer server(3, 1, {1, 1, 1, 1});
    EXPECT_TRUE(server.receive(2, message).empty()) << describe(message);
    EXPECT_EQ(server.node().term(), Term(1)) << describe(message);
    EXPECT_EQ(server.log_terms(), (std::vector<std::uint64_t>{1, 1, 1, 1})) << describe(message);
  }
}

TEST(Node, IgnoresAnswersToWhatItNeverSent) {
  OneServer server(3, 1, {1, 1});
  server.become_leader();
  const std::vector<AppendReply> replies = {
      {Term(2), LogIndex(2), 7, 0, true, {}, false},
      {Term(2), LogIndex(kHuge), 0, 0, false, id(kHuge, kHuge), false},
      {Term(2), LogIndex(2), 1, 7, true, {}, false},
      {Term(1), LogIndex(2), 1, 0, true, {}, false},
  };
  for (const AppendReply& reply : replies) {
    EXPECT_TRUE(server.receive(2, reply).empty()) << describe(Message(reply));
    EXPECT_EQ(server.node().commit(), LogIndex(0)) << describe(Message(reply));
  }
  // A hint from beyond is taken for what it is worth.
  server.receive(2, AppendReply{Term(2), LogIndex(2), 0, 0, false, id(kHuge, kHuge), false});
  EXPECT_EQ(server.node().find_leadership()->progress({2}).next(), LogIndex(2));
}

TEST(Node, CountsNoPreVoteOfAnEarlierQuestion) {
  OneServer server(3, 1, {1});
  server.time_out();
  server.receive(2, PreVoteReply{Term(3), false});
  server.time_out();
  ASSERT_EQ(server.node().role(), Role::PreCandidate);
  server.receive(3, PreVoteReply{Term(2), true});  // To the question before.
  EXPECT_EQ(server.node().role(), Role::PreCandidate);
  server.receive(3, PreVoteReply{Term(4), true});
  EXPECT_EQ(server.node().role(), Role::Candidate);
}

TEST(Node, LeadsOnlyWhenItsOwnVoteIsOnDisk) {
  Config config;
  config.self = {1};
  config.initial = configuration_of({{1}, {2}, {3}});
  Node node(config, {});
  while (node.role() == Role::Follower) (void)node.step(Tick{});
  const StepNumber voted = node.step(Receive{{2}, PreVoteReply{Term(1), true}}).step;
  // An owner may open what is held before it reports the receipt here: answers come early.
  (void)node.step(Receive{{2}, VoteReply{Term(1), true}});
  (void)node.step(Receive{{3}, VoteReply{Term(1), true}});
  EXPECT_EQ(node.role(), Role::Candidate);
  EXPECT_EQ(node.step(Persisted{TestReceipt::of(voted)}).append.size(), 1U);
  EXPECT_EQ(node.role(), Role::Leader);
}

TEST(NodeDeathTest, TwoLeadersInOneTermEndTheProcess) {
  const AppendEntries heartbeat{Term(1), {}, {}, 0, {}};
  OneServer follower(3);
  follower.receive(2, heartbeat);
  EXPECT_DEATH(follower.receive(3, heartbeat), "CHECK failed");
  OneServer leader(3);
  leader.become_leader();
  EXPECT_DEATH(leader.receive(3, heartbeat), "CHECK failed");
}

TEST(NodeDeathTest, WhatIsCommittedIsNeverTruncated) {
  OneServer server(3, 1, {1, 1});
  server.receive(2, AppendEntries{Term(1), id(1, 2), LogIndex(2), 0, {}});
  const AppendEntries other{Term(2), id(1, 1), {}, 0, OneServer::make_log({2}, 2)};
  EXPECT_DEATH(server.receive(3, other), "CHECK failed: commit_ < index");
  const AppendEntries stranger{Term(2), id(2, 2), {}, 0, {}};
  EXPECT_DEATH(server.receive(3, stranger), "CHECK failed");
}

TEST(NodeDeathTest, AReceiptForWhatWasNeverAskedIsABug) {
  OneServer server(3);
  EXPECT_DEATH(server.give(Persisted{TestReceipt::of(StepNumber(1))}), "CHECK failed");
}

TEST(NodeDeathTest, ConfigIsChecked) {
  const auto make = [](const Config& config) { const Node node(config, {}); };
  Config good;
  good.self = {1};
  good.initial = configuration_of({{1}, {2}, {3}});
  make(good);
  Config config = good;
  config.self = {};
  EXPECT_DEATH(make(config), "CHECK failed");
  config = good;
  config.initial = configuration_of({{1}, {2}, {2}});
  EXPECT_DEATH(make(config), "CHECK failed");
  config = good;
  config.heartbeat_ticks = config.election_ticks_min;
  EXPECT_DEATH(make(config), "CHECK failed");
  config = good;
  config.election_ticks_max = config.election_ticks_min - 1;
  EXPECT_DEATH(make(config), "CHECK failed");
}

TEST(Node, EqualSeedsDrawDifferentTimeouts) {
  std::vector<int> ticks;
  for (std::uint32_t self = 1; self <= 8; ++self) {
    Config config;
    config.self = {self};
    std::vector<NodeId> voters;
    for (std::uint32_t voter = 1; voter <= 8; ++voter) voters.push_back({voter});
    config.initial = configuration_of(voters);
    Node node(config, {});
    int count = 0;
    while (node.role() == Role::Follower) count += node.step(Tick{}).step == StepNumber() ? 1 : 0;
    ticks.push_back(count);
  }
  EXPECT_NE(*std::ranges::min_element(ticks), *std::ranges::max_element(ticks));
}

TEST(Node, TheSameInputsGiveTheSameEffects) {
  const auto run = [] {
    OneServer server(3, 1, {1});
    std::string text;
    for (int i = 0; i < 200; ++i) {
      for (const Envelope& envelope : server.give(Tick{})) text += describe(envelope) + '\n';
    }
    return text;
  };
  EXPECT_EQ(run(), run());
}

TEST(Log, GuessesWhereLogsAgree) {
  const Log log(OneServer::make_log({1, 1, 3, 3, 5}));
  EXPECT_EQ(log.last_at_or_below(LogIndex(5), Term(5)), id(5, 5));
  EXPECT_EQ(log.last_at_or_below(LogIndex(99), Term(4)), id(3, 4));
  EXPECT_EQ(log.last_at_or_below(LogIndex(3), Term(9)), id(3, 3));
  EXPECT_EQ(log.last_at_or_below(LogIndex(5), Term(2)), id(1, 2));
  EXPECT_EQ(log.last_at_or_below(LogIndex(5), Term(0)), id(0, 0));
}

TEST(Log, ReceiptsOfTruncatedStepsVouchForNothingNew) {
  Log log(OneServer::make_log({1}));
  const auto append = [&log](const std::vector<std::uint64_t>& terms, std::uint64_t first,
                             std::uint64_t step) {
    for (const Entry& entry : OneServer::make_log(terms, first)) {
      log.append(entry, StepNumber(step));
    }
  };
  append({1, 1, 1}, 2, 1);  // 2..4 by step 1.
  append({1, 1}, 5, 2);     // 5..6 by step 2.
  log.truncate_from(LogIndex(4));
  append({2, 2, 2}, 4, 3);  // 4..6 by step 3.
  log.check_invariants();
  EXPECT_EQ(log.step_of(LogIndex(3)), StepNumber(1));
  EXPECT_EQ(log.step_of(LogIndex(4)), StepNumber(3));
  log.on_persisted(StepNumber(2));
  EXPECT_EQ(log.persisted(), LogIndex(3));
  log.on_persisted(StepNumber(3));
  EXPECT_EQ(log.persisted(), LogIndex(6));
  log.truncate_from(LogIndex(2));
  EXPECT_EQ(log.persisted(), LogIndex(1));
  log.check_invariants();
}

TEST(Describe, InputsReadLikeTheyAreWritten) {
  EXPECT_EQ(describe(Input(Tick{})), "tick");
  EXPECT_EQ(describe(Input(Receive{{2}, VoteReply{Term(3), false}})),
            "receive n2 VoteReply term=3 granted=no");
  EXPECT_EQ(describe(Input(Propose{{make_payload("x"), make_payload("\n")}})),
            "propose \"x\" 1 bytes");
  EXPECT_EQ(describe(Input(Read{ReadId(7)})), "read r7");
  EXPECT_EQ(describe(Input(Persisted{TestReceipt::of(StepNumber(3))})), "persisted step=3");
}

}  // namespace
}  // namespace raft
