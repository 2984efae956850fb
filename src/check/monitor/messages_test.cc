// SPDX-License-Identifier: Apache-2.0
// Messages between two hosts: what their receivers see of each fate.
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "check/monitor/loop.h"
#include "check/monitor/messages_world_test.h"
#include "check/wire/encoder.h"

namespace check::monitor {
namespace {

using Kind = Fate::Kind;
using wire::RaftkvType;

TEST_F(Messages, BytesArriveAsTheyWereSentWhateverTheirPieces) {
  for (const bool act : {true, false}) {
    begin(act);
    base::Prng prng(test_seed());
    std::string sent;
    const std::size_t before = judge_.count();
    for (std::uint64_t i = 1; i <= 300; ++i) {
      sent += append(i, static_cast<std::size_t>(prng.between(0, 3)) * prng.between(0, 20'000));
    }
    std::thread sender([&] {
      for (std::size_t at = 0; at < sent.size();) {
        const std::size_t size = prng.between(1, 30'000);
        pair_.client.send(std::string_view(sent).substr(at, size));
        at += size;
      }
      pair_.client.finish();
    });
    EXPECT_TRUE(pair_.server.receive_all() == sent);
    EXPECT_EQ(pair_.server.end(), "eof");
    sender.join();
    pair_.server.finish();
    expect_complete(world_);
    EXPECT_EQ(judge_.count() - before, 300U);
    const LinkCounters counters = world_.relay().counters()[kForth];
    EXPECT_EQ(counters.messages, 300U);
    EXPECT_EQ(counters.left_out + counters.invented, 0U);
    world_.stop_monitor();
    judge_.clear();
  }
}

// Of a connection over which nothing passes for a while.
TEST_F(Messages, TheFirstOfEachSideTellsWhenTheConnectionWasOpened) {
  const std::uint64_t before = monotonic_ns();
  begin();
  const std::uint64_t opened = monotonic_ns();
  world_.relay().hold(kForth);
  expect_complete(world_);  // It is in force.
  ASSERT_TRUE(pair_.client.send(append(1) + append(2)));
  EXPECT_EQ(judge_.count(), 0U);
  const std::uint64_t released = monotonic_ns();
  world_.relay().release(kForth);
  EXPECT_EQ(receive(2 * append(1).size()), append(1) + append(2));
  ASSERT_EQ(judge_.count(), 2U);
  EXPECT_GT(judge_.at(0).time_ns, released);
  ASSERT_TRUE(judge_.at(0).opened_ns.has_value());
  EXPECT_GT(*judge_.at(0).opened_ns, before);
  EXPECT_LT(*judge_.at(0).opened_ns, opened);
  EXPECT_FALSE(judge_.at(1).opened_ns.has_value());
}

TEST_F(Messages, EachFateIsSeenByTheReceiver) {
  const std::string a = append(1);
  const std::string b = append(2);
  const std::string c = append(3);
  const std::string other = append(99);
  const std::vector<std::pair<Fate, std::string>> cases{
      {{.kind = Kind::HandOn}, a + b + c},
      {{.kind = Kind::Drop}, a + c},
      {{.kind = Kind::Repeat}, a + b + b + c},
      {{.kind = Kind::Swap}, a + c + b},
      {{.kind = Kind::Delay, .delay_ns = 20'000'000}, a + c + b},
      {{.kind = Kind::Replace, .frame = wire::Frame{.bytes = other}}, a + other + c},
  };
  begin();
  for (const auto& [fate, expected] : cases) {
    set(2, fate);
    expect_complete(world_);
    pair_.client.send(a + b + c);
    EXPECT_TRUE(receive(expected.size()) == expected) << static_cast<int>(fate.kind);
    expect_complete(world_);
  }
}

TEST_F(Messages, AnAnswerIsGivenInTheReceiversPlace) {
  begin();
  judge_.decide = [](std::uint64_t, const wire::Frame& frame) {
    auto refusal = wire::refusal(wire::Protocol::Raftkv, frame);
    EXPECT_TRUE(refusal.ok());
    return Fate{.kind = Kind::Answer, .frame = std::move(refusal).value()};
  };
  pair_.server.send(hello(kTwo, kOne));
  EXPECT_EQ(pair_.client.receive(), hello(kTwo, kOne));
  pair_.client.send(append(2));
  const std::string answer = pair_.client.receive();
  const auto head = wire::raftkv_head(answer);
  ASSERT_TRUE(head.ok() && head.value());
  EXPECT_EQ(head.value()->type, RaftkvType::AppendReply);
  EXPECT_EQ(head.value()->from, 2U);
  judge_.decide = nullptr;
  pair_.client.send(append(3));
  EXPECT_TRUE(receive(append(3).size()) == append(3));
  expect_complete(world_);
  EXPECT_EQ(world_.relay().counters()[kBack].invented, answer.size());
  EXPECT_EQ(world_.relay().counters()[kForth].dropped, 1U);
}

TEST_F(Messages, AnotherThreadSettlesWhatIsKept) {
  begin();
  judge_.decide = [](std::uint64_t number, const wire::Frame&) {
    return number == 1 || number == 2 ? Fate{.kind = Kind::Keep, .ticket = number} : Fate{};
  };
  pair_.client.send(append(1) + append(2) + append(3));
  EXPECT_TRUE(receive(append(3).size()) == append(3));
  std::thread([this] {
    world_.relay().settle(2, Settled::HandOn);
    world_.relay().settle(1, Settled::Drop);
    world_.relay().settle(77, Settled::HandOn);  // Nobody's.
  }).join();
  pair_.client.finish();
  EXPECT_TRUE(pair_.server.receive_all() == append(2));
  EXPECT_EQ(pair_.server.end(), "eof");
  expect_complete(world_);
}

TEST_F(Messages, AStallStopsItsDirectionUntilItIsSettled) {
  begin();
  set(1, {.kind = Kind::Stall, .ticket = 5});
  pair_.client.send(append(1) + append(2));
  ASSERT_TRUE(eventually([&] { return judge_.count() == 1; }));
  pair_.client.send(append(3));
  pair_.client.finish();
  pair_.server.send(hello(kTwo, kOne));
  EXPECT_EQ(pair_.client.receive(), hello(kTwo, kOne));
  expect_complete(world_);
  EXPECT_EQ(judge_.count(), 1U);
  const std::uint64_t begin_ns = monotonic_ns();
  world_.relay().settle(5, Settled::HandOn);
  EXPECT_TRUE(pair_.server.receive_all() == append(1) + append(2) + append(3));
  std::cout << "settled and received in " << (monotonic_ns() - begin_ns) / 1000 << " us\n";
  EXPECT_EQ(judge_.count(), 3U);
  expect_complete(world_);
}

TEST_F(Messages, AnUnfinishedMessageGoesOnBeforeTheEnd) {
  for (const bool reset : {false, true}) {
    begin();
    pair_.client.send(append(1) + append(2).substr(0, 50));
    EXPECT_TRUE(receive(append(1).size()) == append(1));
    if (reset) {  // Destroys what the monitor has not read by then.
      pair_.client.reset();
    } else {
      pair_.client.finish();
    }
    const std::string rest = pair_.server.receive_all();
    EXPECT_TRUE(reset || rest == append(2).substr(0, 50));
    EXPECT_EQ(pair_.server.end(), reset ? "ECONNRESET" : "eof");
    expect_complete(world_);
    world_.stop_monitor();
    judge_.clear();
  }
}

TEST_F(Messages, WhatIsKeptIsLostWithAReset) {
  begin();
  set(1, {.kind = Kind::Keep, .ticket = 4});
  pair_.client.send(append(1) + append(2));
  EXPECT_TRUE(receive(append(2).size()) == append(2));
  pair_.client.reset();
  pair_.server.receive_all();
  EXPECT_EQ(pair_.server.end(), "ECONNRESET");
  EXPECT_TRUE(eventually([&] { return judge_.lost() == std::set<std::uint64_t>{4}; }));
  world_.relay().settle(4, Settled::HandOn);
  expect_complete(world_);
}

TEST_F(Messages, AnOrderlyEndWaitsForWhatIsKept) {
  begin();
  set(1, {.kind = Kind::Keep, .ticket = 4});
  pair_.client.send(append(1) + append(2));
  EXPECT_TRUE(receive(append(2).size()) == append(2));
  pair_.client.close();  // As the kernel does for a process that was killed.
  expect_complete(world_);
  world_.relay().settle(4, Settled::HandOn);
  EXPECT_TRUE(pair_.server.receive_all() == append(1));
  EXPECT_EQ(pair_.server.end(), "eof");
  expect_complete(world_);
}

TEST_F(Messages, AConnectionIsClosedOrResetInPlaceOfAMessage) {
  for (const auto kind : {Kind::Close, Kind::Reset}) {
    begin();
    set(2, {.kind = kind});
    pair_.client.send(append(1));
    EXPECT_TRUE(receive(append(1).size()) == append(1));
    pair_.client.send(append(2) + append(3));
    for (Socket* end : {&pair_.client, &pair_.server}) {
      EXPECT_EQ(end->receive_all(), "");
      EXPECT_EQ(end->end(), kind == Kind::Close ? "eof" : "ECONNRESET");
    }
    const auto change = kind == Kind::Close ? ConnectionChange::Closed : ConnectionChange::Reset;
    EXPECT_TRUE(
        eventually([&] { return count_events(world_.relay().take_events(), change) == 1; }));
    expect_complete(world_);
    world_.stop_monitor();
    judge_.clear();
  }
}

TEST_F(Messages, WhatIsNotUnderstoodIsRelayedAndSaidOnce) {
  begin();
  pair_.server.send("GET / HTTP/1.1\r\n\r\nnothing that raftkv would say");
  EXPECT_EQ(pair_.client.receive(), "GET / HTTP/1.1\r\n\r\nnothing that raftkv would say");
  pair_.server.send("more");
  EXPECT_EQ(pair_.client.receive(), "more");
  EXPECT_EQ(judge_.opaque().size(), 1U);
  pair_.client.send(append(1));
  EXPECT_TRUE(receive(append(1).size()) == append(1));
  EXPECT_EQ(judge_.count(), 1U);
  expect_complete(world_);
}

TEST_F(Messages, OnlyTheGivenPortsAreUnderstood) {
  world_.monitor({.protocol = wire::Protocol::Raftkv,
                  .watcher = &judge_,
                  .message_ports = {7000},
                  .act = true});
  auto other = world_.connected(kOne, kTwo, 7001);
  other.client.send(hello(kOne, kTwo) + append(1));
  EXPECT_EQ(other.server.receive().size(), hello(kOne, kTwo).size() + append(1).size());
  pair_ = world_.connected();
  pair_.client.send(hello(kOne, kTwo) + append(1));
  EXPECT_EQ(pair_.server.receive().size(), hello(kOne, kTwo).size() + append(1).size());
  EXPECT_EQ(judge_.count(), 1U);
}

TEST_F(Messages, LinksAreHeldAndDelayedAsBefore) {
  begin();
  set(2, {.kind = Kind::Drop});
  world_.relay().hold(kForth);
  expect_complete(world_);
  pair_.client.send(append(1) + append(2) + append(3));
  pair_.client.finish();
  expect_complete(world_);
  EXPECT_EQ(judge_.count(), 0U);
  world_.relay().set_faults(kForth, {.delay = std::chrono::milliseconds(20)});
  const std::uint64_t begin_ns = monotonic_ns();
  world_.relay().release(kForth);
  EXPECT_TRUE(pair_.server.receive_all() == append(1) + append(3));
  EXPECT_GE(monotonic_ns() - begin_ns, 20'000'000U);
  expect_complete(world_);
}

}  // namespace
}  // namespace check::monitor
