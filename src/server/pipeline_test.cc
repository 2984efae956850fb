// SPDX-License-Identifier: Apache-2.0
#include "server/pipeline.h"

#include <gtest/gtest.h>

#include "server/answers.h"

namespace server {
namespace {

using replica::NotDone;
using replica::RequestId;

constexpr raft::NodeId kOne{1};
constexpr raft::NodeId kTwo{2};
constexpr std::chrono::seconds kDeadline(5);

// A pipeline and what it has written.
struct Bench {
  void write() { add(Ask{std::make_shared<const std::string>("w"), {}}); }
  void read() { add(Ask{nullptr, "q"}); }
  void add(Ask ask) { pipeline.add(std::move(ask), resp::Version::Two, kDeadline); }

  // Sends all that may go to `node` now; returns how many that were.
  int send(raft::NodeId node) {
    int count = 0;
    while (const auto ticket = pipeline.next_for(node)) {
      request = request.next();
      pipeline.sent(*ticket, node, request);
      tickets.push_back(*ticket);
      ++count;
    }
    return count;
  }
  // Of the `nth` that was sent.
  void done(std::size_t nth, std::int64_t value) {
    kv::Reply reply;
    reply.value.emplace<kv::Integer>().value = value;
    pipeline.resolve(tickets.at(nth), replica::Done{answer_of(reply)}, out);
  }
  void refused(std::size_t nth) { pipeline.resolve(tickets.at(nth), NotDone{}, out); }
  void unknown(std::size_t nth) { pipeline.resolve(tickets.at(nth), replica::Unknown{}, out); }

  std::string first_word() const { return out.substr(0, out.find(' ')); }

  Pipeline pipeline;
  RequestId request;
  std::vector<Pipeline::Ticket> tickets;
  std::string out;
};

TEST(Pipeline, RepliesInOrderHoweverTheAnswersCome) {
  Bench bench;
  bench.write();
  bench.write();
  bench.pipeline.add_answered("+PONG\r\n", bench.out);
  ASSERT_EQ(bench.send(kOne), 2);
  bench.done(1, 2);
  EXPECT_EQ(bench.out, "");
  EXPECT_EQ(bench.pipeline.kept_bytes(), std::string(":2\r\n+PONG\r\n").size());
  bench.done(0, 1);
  EXPECT_EQ(bench.out, ":1\r\n:2\r\n+PONG\r\n");
  EXPECT_EQ(bench.pipeline.kept_bytes(), 0U);
  EXPECT_EQ(bench.pipeline.size(), 0U);
}

TEST(Pipeline, LetsAReadFollowWritesButNoWriteARead) {
  Bench bench;
  bench.write();
  bench.read();
  bench.read();
  bench.write();
  EXPECT_EQ(bench.send(kOne), 3);
  EXPECT_EQ(bench.pipeline.last_write(), RequestId(1));
  bench.done(0, 1);
  bench.done(1, 1);
  EXPECT_EQ(bench.send(kOne), 0);
  bench.done(2, 1);
  EXPECT_EQ(bench.send(kOne), 1);
}

// Reads may go elsewhere than writes: then they wait for those before them, and writes for reads.
TEST(Pipeline, TellsWhetherTheNextIsARead) {
  Bench bench;
  EXPECT_FALSE(bench.pipeline.is_next_a_read());
  bench.write();
  bench.read();
  EXPECT_FALSE(bench.pipeline.is_next_a_read());
  EXPECT_EQ(bench.pipeline.next_for(kOne).has_value(), true);
  bench.pipeline.sent(*bench.pipeline.next_for(kOne), kOne, RequestId(1));
  EXPECT_TRUE(bench.pipeline.is_next_a_read());
  EXPECT_FALSE(bench.pipeline.next_for(kTwo).has_value());
}

TEST(Pipeline, GoesToANewLeaderOnlyWhenTheOldOneHasAnswered) {
  Bench bench;
  bench.write();
  ASSERT_EQ(bench.send(kOne), 1);
  bench.write();
  EXPECT_EQ(bench.send(kTwo), 0);
  bench.unknown(0);
  EXPECT_EQ(bench.first_word(), "-UNKNOWN");
  EXPECT_EQ(bench.send(kTwo), 1);
}

TEST(Pipeline, SendsAgainWhatWasRefusedWhenNothingAfterItTookEffect) {
  Bench bench;
  bench.write();
  bench.write();
  ASSERT_EQ(bench.send(kOne), 2);
  bench.refused(0);
  EXPECT_EQ(bench.send(kTwo), 0);  // The second may still take effect.
  bench.refused(1);
  EXPECT_EQ(bench.send(kTwo), 2);
  EXPECT_EQ(bench.tickets[2], bench.tickets[0]);
  bench.done(2, 1);
  bench.done(3, 2);
  EXPECT_EQ(bench.out, ":1\r\n:2\r\n");
}

TEST(Pipeline, DoesNotLetWhatWasRefusedTakeEffectAfterItsSuccessor) {
  Bench bench;
  bench.write();
  bench.write();
  bench.write();
  ASSERT_EQ(bench.send(kOne), 3);
  bench.refused(0);
  bench.done(1, 2);
  bench.refused(2);
  EXPECT_TRUE(bench.out.starts_with("-NOTDONE")) << bench.out;
  EXPECT_NE(bench.out.find("\r\n:2\r\n"), std::string::npos) << bench.out;
  EXPECT_EQ(bench.send(kTwo), 1);  // The third.
}

TEST(Pipeline, NeverSendsAWriteAgainThatMayHaveArrivedButReadsItMay) {
  Bench bench;
  bench.write();
  bench.read();
  ASSERT_EQ(bench.send(kOne), 2);
  bench.unknown(0);
  bench.unknown(1);
  EXPECT_EQ(bench.first_word(), "-UNKNOWN");
  EXPECT_EQ(bench.send(kTwo), 1);
  EXPECT_EQ(bench.tickets[2], bench.tickets[1]);
}

TEST(Pipeline, SaysAtTheDeadlineWhatMayHaveHappened) {
  Bench bench;
  bench.write();
  ASSERT_EQ(bench.send(kOne), 1);
  bench.write();
  EXPECT_FALSE(bench.pipeline.expire(kDeadline - std::chrono::nanoseconds(1), bench.out));
  EXPECT_EQ(bench.out, "");
  EXPECT_TRUE(bench.pipeline.expire(kDeadline, bench.out));
  EXPECT_EQ(bench.first_word(), "-UNKNOWN");
  EXPECT_NE(bench.out.find("\r\n-NOTDONE "), std::string::npos);
  EXPECT_EQ(bench.pipeline.size(), 0U);
  EXPECT_FALSE(bench.pipeline.has_unsent());
  const std::string before = bench.out;
  bench.done(0, 1);  // Too late to matter.
  EXPECT_EQ(bench.out, before);
}

// A write waits for the read before it, which is done late: then its own time begins.
TEST(Pipeline, DoesNotCountTheTimeInWhichOthersBeforeItWereDone) {
  Bench bench;
  bench.read();
  bench.write();
  bench.write();
  ASSERT_EQ(bench.send(kOne), 1);
  EXPECT_FALSE(bench.pipeline.take_progress());
  bench.done(0, 1);
  EXPECT_TRUE(bench.pipeline.take_progress());
  EXPECT_FALSE(bench.pipeline.take_progress());
  bench.pipeline.grant(2 * kDeadline);
  EXPECT_FALSE(bench.pipeline.expire(2 * kDeadline - std::chrono::nanoseconds(1), bench.out));
  bench.pipeline.sent(*bench.pipeline.next_for(kOne), kOne, RequestId(2));
  bench.pipeline.grant(3 * kDeadline);
  bench.out.clear();
  EXPECT_TRUE(bench.pipeline.expire(2 * kDeadline, bench.out));  // The one that was sent.
  EXPECT_EQ(bench.first_word(), "-UNKNOWN");
  EXPECT_EQ(bench.pipeline.size(), 1U);
  EXPECT_TRUE(bench.pipeline.expire(3 * kDeadline, bench.out));
  EXPECT_NE(bench.out.find("\r\n-NOTDONE "), std::string::npos);
}

TEST(Pipeline, DoesNotSendAgainWhatWasOverloaded) {
  Bench bench;
  bench.write();
  ASSERT_EQ(bench.send(kOne), 1);
  bench.pipeline.resolve(bench.tickets[0], NotDone{NotDone::Reason::Overloaded}, bench.out);
  EXPECT_EQ(bench.first_word(), "-NOTDONE");
  EXPECT_EQ(bench.pipeline.size(), 0U);
}

TEST(Pipeline, CountsWhatFailsOnceWhenItsClientIsTold) {
  Bench bench;
  bench.write();
  bench.read();
  ASSERT_EQ(bench.send(kOne), 2);
  bench.refused(0);
  bench.refused(1);
  EXPECT_EQ(bench.pipeline.take_failures(), Failures());  // They are sent again.
  ASSERT_EQ(bench.send(kTwo), 2);
  bench.read();
  ASSERT_TRUE(bench.pipeline.expire(kDeadline, bench.out));
  EXPECT_EQ(bench.pipeline.take_failures(), (Failures{.writes = {0, 1}, .reads = {2, 0}}));
  bench.unknown(2);  // Too late to matter.
  EXPECT_EQ(bench.pipeline.take_failures(), Failures());
}

TEST(Pipeline, KnowsHowLongTheRequestsAreThatWait) {
  Bench bench;
  bench.add(Ask{std::make_shared<const std::string>(1000, 'w'), {}});
  bench.add(Ask{nullptr, std::string(100, 'q')});
  bench.pipeline.add_answered("+PONG\r\n", bench.out);
  EXPECT_EQ(bench.pipeline.asked_bytes(), 1100U);
  ASSERT_EQ(bench.send(kOne), 2);
  bench.refused(1);
  bench.done(0, 1);
  EXPECT_EQ(bench.pipeline.asked_bytes(), 100U);  // It is asked again.
  ASSERT_EQ(bench.send(kOne), 1);
  bench.done(2, 2);
  EXPECT_EQ(bench.pipeline.asked_bytes(), 0U);
  bench.write();
  ASSERT_TRUE(bench.pipeline.expire(kDeadline, bench.out));
  EXPECT_EQ(bench.pipeline.asked_bytes(), 0U);
}

TEST(Answers, OneThatIsTooLongGivesWayToAnError) {
  const machine::Answer answer = answer_of(kv::Reply{kv::Bulk{std::string(1000, 'v')}});
  EXPECT_FALSE(in_place_of(answer, 1100, false));
  const auto sentence = [&](bool is_write) -> std::string {
    const auto instead = in_place_of(answer, 1000, is_write);
    const auto reply = reply_of(instead.value_or(machine::Answer()));
    const auto* error = reply ? std::get_if<kv::Error>(&reply->value) : nullptr;
    return error == nullptr ? "no error" : error->text;
  };
  EXPECT_TRUE(sentence(false).starts_with("ERR the answer is too long: ")) << sentence(false);
  EXPECT_TRUE(sentence(true).starts_with("NOTKEPT the write was done; its answer is too long: "))
      << sentence(true);
}

}  // namespace
}  // namespace server
