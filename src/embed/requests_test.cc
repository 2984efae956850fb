// SPDX-License-Identifier: Apache-2.0
#include "embed/requests.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace embed {
namespace {

using Kind = seaworthy::Outcome::Kind;
using std::chrono::milliseconds;

// Requests, who asks, and a leader that has to be told what to say.
struct World {
  Requests requests;
  std::vector<seaworthy::Outcome> outcomes;
  std::vector<Attempt> sent;
  Time now{0};

  void ask(bool is_write, const std::string& bytes, Time patience = milliseconds(1000)) {
    requests.add({is_write, bytes,
                  [this](const seaworthy::Outcome& outcome) { outcomes.push_back(outcome); },
                  now + patience});
  }
  // What is sent now.
  std::vector<Attempt> send() {
    sent.clear();
    requests.send(now, [this](const Attempt& attempt) {
      sent.push_back(attempt);
      return true;
    });
    return sent;
  }
  void answer(const Attempt& attempt, const replica::Outcome& outcome) {
    requests.on_answer(attempt.ticket, outcome, now);
  }
  void open(std::uint64_t session) {
    const std::vector<Attempt> opening = send();
    ASSERT_EQ(opening.size(), 1U);
    answer(opening[0], replica::Done{session::opened_answer(session::SessionId(session))});
  }
  void pause() { now += Requests::kPause; }
};

replica::Outcome done(std::string answer, session::Kind kind = session::Kind::Answer) {
  session::wrap(kind, answer);
  return replica::Done{std::move(answer)};
}

session::Numbered numbered(const Attempt& attempt) {
  const auto command = session::decode(attempt.bytes);
  EXPECT_TRUE(command.ok());
  return std::get<session::Numbered>(command.value());
}

TEST(Requests, AWriteIsSentAgainUnderTheSameNumberUntilItIsAnswered) {
  World world;
  world.ask(true, "add");
  world.open(17);
  const std::vector<Attempt> first = world.send();
  ASSERT_EQ(first.size(), 1U);
  world.answer(first[0], replica::Unknown{});
  EXPECT_TRUE(world.send().empty()) << "before the pause is over";
  world.pause();
  const std::vector<Attempt> second = world.send();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(first[0].bytes, second[0].bytes);
  world.answer(second[0], done("5"));
  ASSERT_EQ(world.outcomes.size(), 1U);
  EXPECT_TRUE(world.outcomes[0].done());
  EXPECT_EQ(world.outcomes[0].answer, "5");
}

TEST(Requests, WhatIsUndecidedIsNotAcknowledged) {
  World world;
  world.ask(true, "a");
  world.ask(true, "b");
  world.open(17);
  const std::vector<Attempt> both = world.send();
  ASSERT_EQ(both.size(), 2U);
  world.answer(both[1], done(""));
  world.ask(true, "c");
  const std::vector<Attempt> third = world.send();
  ASSERT_EQ(third.size(), 1U);
  EXPECT_EQ(numbered(third[0]).sequence.value(), 3U);
  EXPECT_EQ(numbered(third[0]).first_unanswered.value(), 1U);
}

TEST(Requests, TimeOverIsRefusedOnlyIfNothingCanHaveHappened) {
  World world;
  world.ask(true, "never sent");
  world.ask(false, "a read");
  world.now += milliseconds(1000);
  world.requests.expire(world.now);
  ASSERT_EQ(world.outcomes.size(), 2U);
  EXPECT_EQ(world.outcomes[0].kind, Kind::Refused);
  EXPECT_EQ(world.outcomes[1].kind, Kind::Refused);

  world.ask(true, "under way");
  world.open(17);
  const std::vector<Attempt> late = world.send();
  ASSERT_EQ(late.size(), 1U);
  world.now += milliseconds(1000);
  world.requests.expire(world.now);
  ASSERT_EQ(world.outcomes.size(), 3U);
  EXPECT_EQ(world.outcomes[2].kind, Kind::Unknown);
  world.answer(late[0], done("late"));  // Nobody hears it any more.
  EXPECT_EQ(world.outcomes.size(), 3U);
}

TEST(Requests, AWriteThatWasCertainlyNotDoneIsRefused) {
  World world;
  world.ask(true, "x");
  world.open(17);
  world.answer(world.send().at(0), replica::NotDone{replica::NotDone::Reason::NotLeader});
  world.now += milliseconds(1000);
  world.requests.expire(world.now);
  ASSERT_EQ(world.outcomes.size(), 1U);
  EXPECT_EQ(world.outcomes[0].kind, Kind::Refused);
}

TEST(Requests, AGoneSessionMakesDoubtfulWritesUnknownAndSendsOthersInANewOne) {
  World world;
  world.ask(true, "doubtful");
  world.ask(true, "fresh");
  world.open(17);
  std::vector<Attempt> both = world.send();
  world.answer(both.at(0), replica::Unknown{});
  world.answer(both.at(1), done("", session::Kind::NoSession));
  world.pause();
  world.open(99);
  ASSERT_EQ(world.outcomes.size(), 1U);
  EXPECT_EQ(world.outcomes[0].kind, Kind::Unknown);
  const std::vector<Attempt> again = world.send();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(numbered(again[0]).session.value(), 99U);
  EXPECT_EQ(numbered(again[0]).command, "fresh");
}

TEST(Requests, NoMoreAreUnderWayThanTheSessionKeepsAnswersFor) {
  World world;
  for (std::uint64_t i = 0; i < Requests::kWindow + 5; ++i) world.ask(true, "x");
  world.open(17);
  const std::vector<Attempt> first = world.send();
  EXPECT_EQ(first.size(), Requests::kWindow);
  EXPECT_TRUE(world.send().empty());
  world.answer(first[0], done(""));
  EXPECT_EQ(world.send().size(), 1U);
}

TEST(Requests, AReadIsSentAgainAndNeverUnknown) {
  World world;
  world.ask(false, "get");
  world.answer(world.send().at(0), replica::Unknown{});
  world.pause();
  EXPECT_EQ(world.send().size(), 1U);
  world.requests.give_up("the server was closed");
  ASSERT_EQ(world.outcomes.size(), 1U);
  EXPECT_EQ(world.outcomes[0].kind, Kind::Refused);
  EXPECT_EQ(world.outcomes[0].why, "the server was closed");
}

}  // namespace
}  // namespace embed
