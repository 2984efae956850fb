// SPDX-License-Identifier: Apache-2.0
// Fates of messages, without a network: a protocol of lines, chunks in, bytes out.
#include "check/monitor/conversation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <list>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.h"

namespace check::monitor {
namespace {

using wire::Direction;
using Kind = Fate::Kind;

// Each line is a message, but for those that begin with '#'. One with '!' ends the understanding;
// one with '?' makes the decoder throw, one with '~' makes it give back something else.
class Lines final : public wire::Decoder {
 public:
  void feed(Direction direction, std::string_view bytes, std::vector<wire::Frame>& out) override {
    const auto k = static_cast<std::size_t>(direction);
    waiting_[k] += bytes;
    for (auto end = waiting_[k].find('\n'); end != std::string::npos;
         end = waiting_[k].find('\n')) {
      if (opaque_[k]) break;
      const char first = waiting_[k][0];
      if (first == '?') throw std::out_of_range("a bug");
      if (first == '!') {
        opaque_[k] = "an exclamation mark";
        break;
      }
      wire::Frame frame{.direction = direction, .bytes = waiting_[k].substr(0, end + 1)};
      if (first == '~') frame.bytes = "a lie";
      if (first != '#') frame.message = wire::Message{.name = frame.bytes.substr(0, end)};
      out.push_back(std::move(frame));
      waiting_[k].erase(0, end + 1);
    }
    if (opaque_[k] && !waiting_[k].empty()) {
      out.push_back({.direction = direction, .bytes = std::exchange(waiting_[k], {})});
    }
  }
  void skip(Direction, std::uint64_t, std::vector<wire::Frame>&) override {}
  const std::optional<std::string>& opaque(Direction direction) const override {
    return opaque_[static_cast<std::size_t>(direction)];
  }

 private:
  std::array<std::string, 2> waiting_;
  std::array<std::optional<std::string>, 2> opaque_;
};

// A line behind one that was left out is written with a '+': its bytes depend on the one before.
class LinesEncoder final : public wire::Encoder {
 public:
  std::string forward(const wire::Frame& frame) override {
    return (std::exchange(gap_, false) && frame.message ? "+" : "") + frame.bytes;
  }
  std::string leave_out(const wire::Frame&) override {
    gap_ = stateful;
    return {};
  }
  std::string out_of_turn(const wire::Frame& frame) override { return frame.bytes; }
  bool stateful = false;

 private:
  bool gap_ = false;
};

class Witness final : public MessageWatcher {
 public:
  Fate seen(const wire::Observation& observation, const wire::Frame&) override {
    EXPECT_EQ(observation.id, ++ids_);
    said += observation.message.name + ' ';
    return decide ? decide(observation) : Fate{};
  }
  void refused(std::uint64_t id, const std::string& why) override {
    said += "[refused " + std::to_string(id) + ": " + why + "] ";
  }
  void lost(std::uint64_t ticket) override { said += "[lost " + std::to_string(ticket) + "] "; }
  void opaque(history::DirectedPair pair, std::uint64_t, const std::string& why) override {
    said += "[opaque n" + std::to_string(pair.from.value) + ": " + why + "] ";
  }

  std::function<Fate(const wire::Observation&)> decide;
  std::string said;

 private:
  std::uint64_t ids_ = 0;
};

// One connection, n1 to n2.
class Talk {
 public:
  explicit Talk(bool act = true, bool stateful = false)
      : context_{.protocol = wire::Protocol::Raftkv, .watcher = witness, .act = act} {
    Conversation::Tools tools;
    tools.decoder = std::make_unique<Lines>();
    for (auto& encoder : tools.encoders) {
      auto lines = std::make_unique<LinesEncoder>();
      lines->stateful = stateful;
      encoder = std::move(lines);
    }
    conversation.emplace(context_, std::move(tools), 1, std::array{&forth, &back});
  }
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;
  ~Talk() { expect_balance(); }

  // The message `name` meets `fate`; all others are handed on.
  void set(const std::string& name, const Fate& fate) {
    fates_.emplace_back(name, fate);
    witness.decide = [this](const wire::Observation& observation) {
      for (const auto& [given, decided] : fates_) {
        if (given == observation.message.name) return decided;
      }
      return Fate{};
    };
  }

  void hear(std::string_view bytes, Direction direction = Direction::FromDialer) {
    link(direction).stream.read.add(bytes.size());
    conversation->hear(direction, bytes, now);
    take();
  }
  void take() {
    const auto given = conversation->take_given();
    out += given.bytes[0];
    answered += given.bytes[1];
    forth.stream.written.add(given.bytes[0].size());
    back.stream.written.add(given.bytes[1].size());
    ended += given.reset ? "reset" : given.close ? "close" : "";
  }
  void end(bool in_order = true) {
    conversation->hear_end(Direction::FromDialer, in_order);
    take();
  }
  bool may_end() const { return conversation->may_end(Direction::FromDialer); }
  void settle(std::uint64_t ticket, Settled settled) {
    ASSERT_EQ(context_.connection_of.count(ticket), 1U);
    conversation->settle(ticket, settled, now);
    take();
  }
  void wake(std::uint64_t time) {
    now = time;
    conversation->wake(now);
    take();
  }
  // Each byte that came or was invented is somewhere.
  void expect_balance() const {
    for (const auto direction : {Direction::FromDialer, Direction::FromAcceptor}) {
      const StreamCounters& stream = (direction == Direction::FromDialer ? forth : back).stream;
      EXPECT_EQ(stream.read.value() + stream.invented.value(),
                stream.written.value() + stream.discarded.value() + stream.left_out.value() +
                    conversation->waiting_bytes(direction));
    }
  }

  Witness witness;
  Link forth{{NodeId{1}, NodeId{2}}, base::Prng(1)};
  Link back{{NodeId{2}, NodeId{1}}, base::Prng(2)};
  std::optional<Conversation> conversation;
  std::string out;       // Given to n2.
  std::string answered;  // Given to n1.
  std::string ended;
  std::uint64_t now = 1000;

 private:
  Link& link(Direction direction) { return direction == Direction::FromDialer ? forth : back; }

  MessageContext context_;
  std::vector<std::pair<std::string, Fate>> fates_;
};

wire::Frame line(const std::string& text) {
  return {.bytes = text + '\n', .message = wire::Message{.name = text}};
}

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

TEST(Conversation, EachFateIsCarriedOut) {
  struct Case {
    Fate fate;
    std::string out;
    std::string answered;
    std::string ended;
  };
  const std::vector<Case> cases{
      {{.kind = Kind::HandOn}, "a\nb\nc\n", "", ""},
      {{.kind = Kind::Drop}, "a\nc\n", "", ""},
      {{.kind = Kind::Delay, .delay_ns = 50}, "a\nc\n", "", ""},
      {{.kind = Kind::Keep, .ticket = 9}, "a\nc\n", "", ""},
      {{.kind = Kind::Stall, .ticket = 9}, "a\n", "", ""},
      {{.kind = Kind::Repeat}, "a\nb\nb\nc\n", "", ""},
      {{.kind = Kind::Swap}, "a\nc\nb\n", "", ""},
      {{.kind = Kind::Replace, .frame = line("x")}, "a\nx\nc\n", "", ""},
      {{.kind = Kind::Answer, .frame = line("no")}, "a\nc\n", "no\n", ""},
      {{.kind = Kind::Close}, "a\n", "", "close"},
      {{.kind = Kind::Reset}, "a\n", "", "reset"},
  };
  for (const Case& expected : cases) {
    Talk talk;
    talk.set("b", expected.fate);
    talk.hear("a\nb\nc\n");
    EXPECT_EQ(talk.out, expected.out);
    EXPECT_EQ(talk.answered, expected.answered);
    EXPECT_EQ(talk.ended, expected.ended);
    talk.conversation->lose_all();
  }
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

// What should come out, told again in the simplest way.
class Model {
 public:
  explicit Model(const std::function<Fate(const std::string&)>& decide) : decide_(decide) {}

  void hear(const std::string& name, std::uint64_t now) {
    inbox_.push_back(name);
    advance(now);
  }
  void wake(std::uint64_t now) {
    delayed_.sort();  // Stable: equals stay in their order.
    while (!delayed_.empty() && delayed_.front().first <= now) {
      out += delayed_.front().second.second;
      delayed_.pop_front();
    }
  }
  void settle(std::uint64_t ticket, bool hand_on, std::uint64_t now) {
    if (stalled_ == ticket) {
      if (hand_on) out += inbox_.front();
      inbox_.pop_front();
      stalled_ = 0;
      behind();
      advance(now);
    } else {
      if (hand_on) out += kept_.at(ticket);
      kept_.erase(ticket);
    }
  }
  std::string out;

 private:
  void behind() { out += std::exchange(overtaken_, {}); }
  void advance(std::uint64_t now) {
    while (!inbox_.empty() && stalled_ == 0) {
      const std::string name = inbox_.front();
      const Fate fate = decide_(name);
      if (fate.kind == Kind::Stall) {
        stalled_ = fate.ticket;
        return;
      }
      inbox_.pop_front();
      const std::string before = std::exchange(overtaken_, {});
      if (fate.kind == Kind::HandOn || fate.kind == Kind::Repeat) out += name;
      if (fate.kind == Kind::Repeat) out += name;
      if (fate.kind == Kind::Replace) out += fate.frame->bytes;
      if (fate.kind == Kind::Swap) overtaken_ = name;
      if (fate.kind == Kind::Keep) kept_[fate.ticket] = name;
      if (fate.kind == Kind::Delay) {
        delayed_.emplace_back(now + fate.delay_ns, std::pair(++order_, name));
      }
      out += before;
    }
  }

  std::function<Fate(const std::string&)> decide_;
  std::list<std::string> inbox_;
  std::uint64_t stalled_ = 0;
  std::string overtaken_;
  std::map<std::uint64_t, std::string> kept_;
  std::list<std::pair<std::uint64_t, std::pair<std::uint64_t, std::string>>> delayed_;
  std::uint64_t order_ = 0;
};

TEST(Conversation, TenThousandMessagesMeetTheFatesThatAModelForetells) {
  const char* given = std::getenv("MONITOR_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  std::cout << "MONITOR_SEED=" << seed << '\n';
  base::Prng prng(seed);
  constexpr std::array kKinds{Kind::HandOn, Kind::HandOn, Kind::Drop, Kind::Delay,  Kind::Keep,
                              Kind::Stall,  Kind::Repeat, Kind::Swap, Kind::Replace};
  std::vector<std::uint64_t> open;
  std::map<std::string, Fate> fates;
  const auto decide = [&](const std::string& bytes) { return fates.at(bytes); };
  Talk talk;
  talk.witness.decide = [&](const wire::Observation& observation) {
    const Fate& fate = fates.at(observation.message.name + '\n');
    if (fate.ticket != 0) open.push_back(fate.ticket);
    return fate;
  };
  Model model(decide);
  std::string stream;
  std::size_t heard = 0;  // By the conversation,
  std::size_t told = 0;   // and, whole messages, by the model.
  std::uint64_t now = 1000;
  for (std::uint64_t number = 1; number <= 10'000; ++number) {
    const std::string bytes = std::to_string(number) + '\n';
    Fate fate{.kind = kKinds.at(prng.between(0, kKinds.size() - 1))};
    if (fate.kind == Kind::Keep || fate.kind == Kind::Stall) fate.ticket = number;
    if (fate.kind == Kind::Delay) fate.delay_ns = prng.between(1, 20);
    if (fate.kind == Kind::Replace) fate.frame = line('r' + std::to_string(number));
    fates.emplace(bytes, fate);
    // Of the bytes not yet given some are given now, and with them perhaps some messages.
    stream += bytes;
    const std::size_t size = prng.between(0, stream.size() - heard);
    now += prng.between(0, 3);
    model.wake(now);
    talk.wake(now);
    talk.hear(stream.substr(heard, size));
    heard += size;
    for (auto end = stream.find('\n', told); end < heard; end = stream.find('\n', told)) {
      model.hear(stream.substr(told, end + 1 - told), now);
      told = end + 1;
    }
    ASSERT_EQ(talk.out, model.out) << "message " << number;
    while (!open.empty() && prng.between(0, 3) == 0) {
      const std::size_t chosen = prng.between(0, open.size() - 1);
      const std::uint64_t ticket = open.at(chosen);
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(chosen));
      const bool hand_on = prng.between(0, 1) == 0;
      model.settle(ticket, hand_on, now);
      talk.settle(ticket, hand_on ? Settled::HandOn : Settled::Drop);
    }
    talk.expect_balance();
  }
  EXPECT_GT(talk.out.size(), 20'000U);
  talk.conversation->lose_all();
}

}  // namespace
}  // namespace check::monitor
