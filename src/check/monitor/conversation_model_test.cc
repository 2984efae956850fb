// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <iostream>
#include <list>

#include "check/monitor/conversation_talk_test.h"

namespace check::monitor {
namespace {

using Kind = Fate::Kind;

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
