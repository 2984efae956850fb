// SPDX-License-Identifier: Apache-2.0
// Messages in datagrams between two hosts: what their receivers see of each fate.
#include <sys/socket.h>

#include <string>
#include <vector>

#include "check/monitor/endpoint.h"
#include "check/monitor/messages_world_test.h"
#include "check/wire/encoder.h"

namespace check::monitor {
namespace {

using Kind = Fate::Kind;
using wire::RaftkvType;

constexpr std::uint16_t kPort = 7000;

struct Life {
  NodeId node;
  std::uint64_t value = 0;
};
constexpr Life kFirst{kOne, 11};
constexpr Life kSecond{kTwo, 21};

std::string datagram(RaftkvType type, Life from, Life to, const std::string& body) {
  std::string bytes;
  base::ByteWriter out(bytes);
  out.u64(0);
  out.u8(2);
  out.u8(static_cast<std::uint8_t>(type));
  out.u16(0);
  out.u32(from.node.value);
  out.u32(to.node.value);
  out.u64(7);
  out.u64(from.value);
  out.u64(to.value);
  out.bytes(body);
  base::ByteWriter(bytes).set_u32(
      0, static_cast<std::uint32_t>(bytes.size() - wire::kRaftkvPrefixBytes));
  wire::raftkv_seal(bytes);
  return bytes;
}

// An AppendEntries that is told from others by its commit index.
std::string append_of(std::uint64_t number, Life from = kFirst, Life to = kSecond) {
  std::string body;
  base::ByteWriter out(body);
  for (const std::uint64_t value : {4U, 3U, 9U}) out.u64(value);
  out.u64(number);
  out.u64(12);
  out.u32(0);
  return datagram(RaftkvType::AppendEntries, from, to, body);
}

std::string vote_reply(Life from, Life to) {
  std::string body;
  base::ByteWriter out(body);
  out.u64(5);
  out.boolean(true);
  return datagram(RaftkvType::VoteReply, from, to, body);
}

class Datagrams : public testing::Test {
 protected:
  void begin(bool act = true) {
    world_.monitor({.protocol = wire::Protocol::Raftkv, .watcher = &judge_, .act = act});
    one_ = world_.datagram_socket(kOne, kPort);
    two_ = world_.datagram_socket(kTwo, kPort);
  }
  void set(std::uint64_t number, const Fate& fate) {
    judge_.decide = [number, fate](std::uint64_t seen, const wire::Frame&) {
      return seen == number ? fate : Fate{};
    };
  }
  static void send(const Socket& socket, NodeId to, const std::string& bytes) {
    const sockaddr_in name = to_sockaddr({0x0a4d0000 + to.value, kPort});
    EXPECT_EQ(sendto(socket.fd(), bytes.data(), bytes.size(), 0,
                     reinterpret_cast<const sockaddr*>(&name), sizeof name),
              static_cast<ssize_t>(bytes.size()));
  }
  void send(std::uint64_t number) { send(one_, kTwo, append_of(number)); }
  static std::string receive(const Socket& socket) {
    std::string bytes(65536, '\0');
    const ssize_t got = recv(socket.fd(), bytes.data(), bytes.size(), 0);
    if (got < 0) return "nothing";
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }

  Judge judge_;
  World world_{2};
  Socket one_;
  Socket two_;
};

TEST_F(Datagrams, AreShownAndHandedOnAsTheyCame) {
  for (const bool act : {true, false}) {
    begin(act);
    for (std::uint64_t i = 1; i <= 5; ++i) {
      send(i);
      EXPECT_EQ(receive(two_), append_of(i));
    }
    send(two_, kOne, vote_reply(kSecond, kFirst));
    EXPECT_EQ(receive(one_), vote_reply(kSecond, kFirst));
    ASSERT_TRUE(eventually([&] { return judge_.count() == 6; }));
    EXPECT_EQ(judge_.at(0).from, kOne);
    EXPECT_EQ(judge_.at(5).from, kTwo);
    EXPECT_EQ(judge_.at(5).message.name, "VoteReply");
    EXPECT_EQ(judge_.at(0).connection, judge_.at(5).connection);
    EXPECT_TRUE(judge_.at(0).opened_ns.has_value());
    expect_complete(world_);
    const auto counters = world_.relay().counters();
    EXPECT_EQ(counters.at(kForth).messages, 5U);
    EXPECT_EQ(counters.at(kForth).bytes, 5 * append_of(1).size());
    world_.stop_monitor();
    one_ = Socket();
    two_ = Socket();
    judge_.clear();
  }
}

TEST_F(Datagrams, OfAnotherLifeAreAnotherConversation) {
  begin();
  send(1);
  send(one_, kTwo, append_of(2, {kOne, 12}));
  send(3);
  for (const std::string& expected : {append_of(1), append_of(2, {kOne, 12}), append_of(3)}) {
    EXPECT_EQ(receive(two_), expected);
  }
  EXPECT_NE(judge_.at(0).connection, judge_.at(1).connection);
  EXPECT_EQ(judge_.at(0).connection, judge_.at(2).connection);
}

TEST_F(Datagrams, WhatIsNotUnderstoodIsHandedOnAsItIs) {
  begin();
  std::string flipped = append_of(1);
  flipped.back() ^= 1;
  for (const std::string& bytes : {std::string("x"), std::string(), flipped}) {
    send(one_, kTwo, bytes);
    EXPECT_EQ(receive(two_), bytes);
  }
  EXPECT_EQ(judge_.count(), 0U);
  expect_complete(world_);
}

TEST_F(Datagrams, AreDroppedRepeatedSwappedReplacedAndAnswered) {
  begin();
  set(1, {.kind = Kind::Drop});
  send(1);
  send(2);
  EXPECT_EQ(receive(two_), append_of(2));
  EXPECT_EQ(world_.relay().counters()[kForth].dropped, 1U);

  set(3, {.kind = Kind::Repeat});
  send(3);
  EXPECT_EQ(receive(two_), append_of(3));
  EXPECT_EQ(receive(two_), append_of(3));

  set(4, {.kind = Kind::Swap});
  send(4);
  send(5);
  EXPECT_EQ(receive(two_), append_of(5));
  EXPECT_EQ(receive(two_), append_of(4));

  judge_.decide = [](std::uint64_t number, const wire::Frame& frame) -> Fate {
    if (number != 6) return {};
    return {.kind = Kind::Replace,
            .frame = wire::altered(wire::Protocol::Raftkv, frame, "commit", 60).value()};
  };
  send(6);
  EXPECT_EQ(receive(two_), append_of(60));

  judge_.decide = [](std::uint64_t number, const wire::Frame& frame) -> Fate {
    if (number != 7) return {};
    return {.kind = Kind::Answer, .frame = wire::refusal(wire::Protocol::Raftkv, frame).value()};
  };
  send(7);
  const std::string answer = receive(one_);
  const auto head = wire::raftkv_head(answer);
  ASSERT_TRUE(head.ok() && head.value());
  EXPECT_EQ(head.value()->type, RaftkvType::AppendReply);
  EXPECT_EQ(head.value()->from_life, kSecond.value);
  EXPECT_EQ(head.value()->to_life, kFirst.value);
  expect_complete(world_);
}

TEST_F(Datagrams, AreKeptUntilSettledAndDelayed) {
  begin();
  set(1, {.kind = Kind::Keep, .ticket = 5});
  send(1);
  send(2);
  EXPECT_EQ(receive(two_), append_of(2));
  world_.relay().settle(5, Settled::HandOn);
  EXPECT_EQ(receive(two_), append_of(1));

  set(3, {.kind = Kind::Keep, .ticket = 6});
  send(3);
  send(4);
  EXPECT_EQ(receive(two_), append_of(4));
  world_.relay().settle(6, Settled::Drop);
  set(5, {.kind = Kind::Delay, .delay_ns = 30'000'000});
  send(5);
  send(6);
  EXPECT_EQ(receive(two_), append_of(6));
  EXPECT_EQ(receive(two_), append_of(5));
  expect_complete(world_);
}

TEST_F(Datagrams, AreStalledAndHeldWithTheirLink) {
  begin();
  set(1, {.kind = Kind::Stall, .ticket = 5});
  send(1);
  send(2);
  ASSERT_TRUE(eventually([&] { return world_.relay().counters()[kForth].datagrams == 2; }));
  world_.relay().hold(kForth);
  world_.relay().settle(5, Settled::HandOn);
  expect_complete(world_);
  EXPECT_EQ(world_.relay().counters()[kForth].bytes, 0U);
  world_.relay().release(kForth);
  EXPECT_EQ(receive(two_), append_of(1));
  EXPECT_EQ(receive(two_), append_of(2));
}

TEST_F(Datagrams, HaveNoConnectionToBreak) {
  class Refusing final : public MessageWatcher {
   public:
    Fate seen(const wire::Observation&, const wire::Frame&) override {
      return {.kind = Kind::Reset};
    }
    void refused(std::uint64_t, const std::string& why) override {
      const std::lock_guard lock(mutex_);
      why_ = why;
    }
    void lost(std::uint64_t) override {}
    void opaque(history::DirectedPair, std::uint64_t, const std::string&) override {}
    std::string why() const {
      const std::lock_guard lock(mutex_);
      return why_;
    }

   private:
    mutable std::mutex mutex_;
    std::string why_;
  } watcher;
  world_.monitor({.protocol = wire::Protocol::Raftkv, .watcher = &watcher, .act = true});
  one_ = world_.datagram_socket(kOne, kPort);
  two_ = world_.datagram_socket(kTwo, kPort);
  send(1);
  EXPECT_EQ(receive(two_), append_of(1));
  EXPECT_EQ(watcher.why(), "it came in a datagram: there is no connection to break");
}

}  // namespace
}  // namespace check::monitor
