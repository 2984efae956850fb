// SPDX-License-Identifier: Apache-2.0
// Fates of messages, without a network: chunks in, bytes out.
#include "check/monitor/conversation_talk_test.h"

namespace check::monitor {
namespace {

using wire::Direction;
using Kind = Fate::Kind;

TEST(Conversation, WithoutAFateEveryByteGoesOnAsItCame) {
  const std::string bytes = "a\n#hello\nbb\nccc\n#\nhalf";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    Talk talk;
    for (std::size_t at = 0; at < bytes.size(); at += step) talk.hear(bytes.substr(at, step));
    EXPECT_EQ(talk.out, bytes.substr(0, bytes.size() - 4));
    EXPECT_FALSE(talk.may_end());
    talk.end();
    EXPECT_EQ(talk.out, bytes);
    EXPECT_TRUE(talk.may_end());
    EXPECT_EQ(talk.witness.said, "a bb ccc ");
    EXPECT_EQ(talk.forth.stream.left_out.value() + talk.forth.stream.invented.value(), 0U);
    EXPECT_EQ(talk.forth.messages.value(), 3U);
  }
}

// What the receiver, the sender and the connection see of "a", "b", "c" when that is b's fate.
void expect_of_b(const Fate& fate, const std::string& out, const std::string& answered = "",
                 const std::string& ended = "") {
  Talk talk;
  talk.set("b", fate);
  talk.hear("a\nb\nc\n");
  EXPECT_EQ(talk.out, out);
  EXPECT_EQ(talk.answered, answered);
  EXPECT_EQ(talk.ended, ended);
  talk.conversation->lose_all();
}

TEST(Conversation, EachFateIsCarriedOut) {
  expect_of_b({.kind = Kind::HandOn}, "a\nb\nc\n");
  expect_of_b({.kind = Kind::Drop}, "a\nc\n");
  expect_of_b({.kind = Kind::Delay, .delay_ns = 50}, "a\nc\n");
  expect_of_b({.kind = Kind::Keep, .ticket = 9}, "a\nc\n");
  expect_of_b({.kind = Kind::Stall, .ticket = 9}, "a\n");
  expect_of_b({.kind = Kind::Repeat}, "a\nb\nb\nc\n");
  expect_of_b({.kind = Kind::Swap}, "a\nc\nb\n");
  expect_of_b({.kind = Kind::Replace, .frame = line("x")}, "a\nx\nc\n");
  expect_of_b({.kind = Kind::Answer, .frame = line("no")}, "a\nc\n", "no\n");
  expect_of_b({.kind = Kind::Close}, "a\n", "", "close");
  expect_of_b({.kind = Kind::Reset}, "a\n", "", "reset");
}

TEST(Conversation, WhatIsDelayedGoesOnInItsTime) {
  Talk talk;
  talk.set("late", {.kind = Kind::Delay, .delay_ns = 50});
  talk.set("later", {.kind = Kind::Delay, .delay_ns = 70});
  talk.hear("later\nlate\nnow\n");
  EXPECT_EQ(talk.conversation->next_due_ns(), 1050U);
  talk.wake(1049);
  EXPECT_EQ(talk.out, "now\n");
  talk.wake(1050);
  EXPECT_EQ(talk.out, "now\nlate\n");
  talk.end();
  EXPECT_FALSE(talk.may_end());
  talk.wake(1070);
  EXPECT_EQ(talk.out, "now\nlate\nlater\n");
  EXPECT_TRUE(talk.may_end());
}

TEST(Conversation, WhereAnswersAreMatchedByOrderWhatWaitsKeepsAllBehindItWaiting) {
  Talk talk(true, false, wire::Protocol::Hashicorp);
  talk.set("late", {.kind = Kind::Delay, .delay_ns = 50});
  talk.set("kept", {.kind = Kind::Keep, .ticket = 7});
  talk.hear("late\nnow\nkept\nlast\n");
  EXPECT_EQ(talk.conversation->next_due_ns(), 1050U);
  EXPECT_EQ(talk.witness.said, "late ");
  talk.wake(1049);
  EXPECT_EQ(talk.out, "");
  talk.wake(1050);
  EXPECT_EQ(talk.out, "late\nnow\n");
  EXPECT_EQ(talk.conversation->next_due_ns(), std::nullopt);
  talk.settle(7, Settled::HandOn);
  EXPECT_EQ(talk.out, "late\nnow\nkept\nlast\n");
}

TEST(Conversation, TheDecoderIsToldWhatIsLeftOutForGood) {
  Talk talk;
  talk.set("dropped", {.kind = Kind::Drop});
  talk.set("answered", {.kind = Kind::Answer, .frame = line("no")});
  talk.set("kept", {.kind = Kind::Keep, .ticket = 7});
  talk.set("lost", {.kind = Kind::Keep, .ticket = 8});
  talk.hear("dropped\nanswered\nkept\nlost\nlast\n");
  talk.settle(7, Settled::HandOn);
  talk.settle(8, Settled::Drop);
  EXPECT_EQ(talk.lines->without, "dropped\nanswered\nlost\n");
}

TEST(Conversation, WhatIsKeptGoesOnOrNotAsItIsSettled) {
  Talk talk;
  talk.set("a", {.kind = Kind::Keep, .ticket = 1});
  talk.set("b", {.kind = Kind::Keep, .ticket = 2});
  talk.set("c", {.kind = Kind::Keep, .ticket = 3});
  talk.hear("a\nb\nc\nd\n");
  talk.settle(2, Settled::HandOn);
  EXPECT_EQ(talk.out, "d\nb\n");
  talk.settle(1, Settled::Drop);
  EXPECT_EQ(talk.forth.dropped.value(), 1U);
  talk.hear("unfinished");
  talk.end();
  EXPECT_FALSE(talk.may_end());  // The end waits for it, and what is no message for the end.
  EXPECT_EQ(talk.out, "d\nb\n");
  talk.settle(3, Settled::HandOn);
  EXPECT_EQ(talk.out, "d\nb\nc\nunfinished");
  EXPECT_TRUE(talk.may_end());
}

TEST(Conversation, AStallStopsItsDirectionOnly) {
  Talk talk;
  talk.set("b", {.kind = Kind::Swap});
  talk.set("c", {.kind = Kind::Stall, .ticket = 5});
  talk.hear("a\nb\nc\nd\n");
  EXPECT_TRUE(talk.conversation->stalled(Direction::FromDialer));
  EXPECT_EQ(talk.out, "a\n");
  talk.hear("back\n", Direction::FromAcceptor);
  EXPECT_EQ(talk.answered, "back\n");
  EXPECT_EQ(talk.witness.said, "a b c back ");
  talk.settle(5, Settled::HandOn);
  EXPECT_EQ(talk.out, "a\nc\nb\nd\n");
  EXPECT_EQ(talk.witness.said, "a b c back d ");
}

TEST(Conversation, SettledAsResetItIsGoneAndTheConnectionWithIt) {
  for (const auto kind : {Kind::Keep, Kind::Stall}) {
    Talk talk;
    talk.set("a", {.kind = kind, .ticket = 5});
    talk.hear("a\n");
    talk.settle(5, Settled::Reset);
    EXPECT_EQ(talk.out, "");
    EXPECT_EQ(talk.ended, "reset");
  }
}

TEST(Conversation, WhatIsOvertakenGoesOnBeforeTheEnd) {
  Talk talk;
  talk.set("a", {.kind = Kind::Swap});
  talk.hear("a\n#no message\n");
  EXPECT_EQ(talk.out, "#no message\n");
  talk.end();
  EXPECT_EQ(talk.out, "#no message\na\n");
  EXPECT_TRUE(talk.may_end());
}

TEST(Conversation, AnEncoderThatRemembersIsToldWhatIsLeftOut) {
  Talk talk(true, true);
  talk.set("b", {.kind = Kind::Keep, .ticket = 1});
  talk.hear("a\nb\nc\nd\n");
  EXPECT_EQ(talk.out, "a\n+c\nd\n");
  talk.settle(1, Settled::HandOn);
  EXPECT_EQ(talk.out, "a\n+c\nd\nb\n");
  EXPECT_EQ(talk.forth.stream.invented.value(), 3U);
  EXPECT_EQ(talk.forth.stream.left_out.value(), 2U);
}

TEST(Conversation, WhatIsKeptIsLostWithItsConnection) {
  for (const bool over : {true, false}) {
    Talk talk;
    talk.set("a", {.kind = Kind::Keep, .ticket = 1});
    talk.set("b", {.kind = Kind::Delay, .delay_ns = 5});
    talk.set("c", {.kind = Kind::Swap});
    talk.set("d", {.kind = Kind::Stall, .ticket = 2});
    talk.hear("a\nb\nc\nd\n#left\nand right");
    if (over) {
      talk.conversation->lose_all();
      EXPECT_EQ(talk.out, "");
    } else {
      talk.end(false);
      EXPECT_EQ(talk.out, "#left\nand right");
      EXPECT_TRUE(talk.may_end());
    }
    EXPECT_EQ(talk.witness.said, "a b c d [lost 2] [lost 1] ");
  }
}

TEST(Conversation, WhatCannotBeDoneIsRefusedAndHandedOn) {
  Talk talk;
  talk.set("a", {.kind = Kind::Replace});
  talk.hear("a\n");
  EXPECT_EQ(talk.out, "a\n");
  EXPECT_EQ(talk.witness.said, "a [refused 1: there is no message to give in its place] ");
  talk.hear("!\n", Direction::FromAcceptor);
  talk.set("b", {.kind = Kind::Answer, .frame = line("no")});
  talk.hear("b\n");
  EXPECT_EQ(talk.out, "a\nb\n");
  EXPECT_EQ(talk.answered, "!\n");
}

TEST(Conversation, OnlySoManyMessagesAreKept) {
  Talk talk;
  std::uint64_t ticket = 0;
  talk.witness.decide = [&ticket](const wire::Observation&) {
    return Fate{.kind = Kind::Keep, .ticket = ++ticket};
  };
  for (std::size_t i = 0; i < MessageContext::kMostKept; ++i) talk.hear("a\n");
  EXPECT_EQ(talk.out, "");
  talk.witness.said.clear();
  talk.hear("b\n");
  EXPECT_EQ(talk.out, "b\n");
  EXPECT_EQ(talk.witness.said, "b [refused 65537: too many messages are kept already] ");
  talk.settle(1, Settled::HandOn);
  talk.hear("c\n");
  EXPECT_EQ(talk.out, "b\na\n");
  talk.conversation->lose_all();
}

TEST(Conversation, ADirectionThatIsNotUnderstoodIsRelayed) {
  Talk talk;
  talk.set("b", {.kind = Kind::Delay, .delay_ns = 50});
  talk.set("c", {.kind = Kind::Keep, .ticket = 1});
  talk.hear("a\nb\nc\n");
  talk.set("d", {.kind = Kind::Keep, .ticket = 2});
  talk.hear("d\n!what\nis\n");
  // Nothing can be put in later: it is not known between which bytes.
  EXPECT_EQ(talk.out, "a\nb\nd\n!what\nis\n");
  talk.hear("this");
  EXPECT_EQ(talk.out, "a\nb\nd\n!what\nis\nthis");
  EXPECT_EQ(
      talk.witness.said,
      "a b c [lost 1] d [refused 4: its connection is not understood any more: it could not go "
      "on later] [opaque n1: an exclamation mark] ");
  talk.hear("fine\n", Direction::FromAcceptor);
  EXPECT_EQ(talk.answered, "fine\n");
}

TEST(Conversation, ADecoderThatFailsHarmsNoStream) {
  for (const auto& [bad, why] :
       {std::pair("?", "failed: a bug"), {"~", "gave back other bytes than it was given"}}) {
    for (const bool act : {true, false}) {
      Talk talk(act);
      talk.hear("x", Direction::FromAcceptor);
      talk.hear("a\nb\nha");
      const std::string rest = std::string("lf\n") + bad + "\nc\n";
      talk.hear(rest);
      talk.hear("d\n");
      if (act) {
        EXPECT_EQ(talk.out, "a\nb\nha" + rest + "d\n");
        EXPECT_EQ(talk.answered, "x");
      } else {
        talk.forth.stream.written.add(talk.forth.stream.read.value());
        talk.back.stream.written.add(talk.back.stream.read.value());
        if (*bad == '~') continue;  // Nobody looks.
      }
      const std::string sentence = std::string(": its decoder ") + why + "] ";
      EXPECT_EQ(talk.witness.said, "a b half [opaque n1" + sentence + "[opaque n2" + sentence);
    }
  }
}

}  // namespace
}  // namespace check::monitor
