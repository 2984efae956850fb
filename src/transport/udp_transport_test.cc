// SPDX-License-Identifier: Apache-2.0
#include "transport/udp_transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "base/prng.h"
#include "codec/encode.h"
#include "transport/world_test.h"

namespace transport {
namespace {

constexpr auto kUdp = open<UdpTransport>;

std::uint64_t seed_from_environment() {
  const char* text = std::getenv("SEED");
  const std::uint64_t seed = text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
  std::cout << "SEED=" << seed << '\n';
  return seed;
}

// Stands for a peer: what is sent to it goes on to the peer's true address, or not.
class Relay final : public os::Handler {
 public:
  Relay(os::Loop& loop, const os::HostPort& target, std::uint64_t seed)
      : loop_(loop), target_(os::resolve(target).value()), prng_(seed) {
    watch_ = loop_.add(socket_.fd(), os::Loop::Interest::Read, *this);
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay() override { loop_.remove(watch_); }

  os::HostPort address() const {
    os::Address address;
    address.length = sizeof address.storage;
    EXPECT_EQ(
        getsockname(socket_.fd(), reinterpret_cast<sockaddr*>(&address.storage), &address.length),
        0);
    return os::host_port(address);
  }

  void on_ready(os::Ready /*ready*/) override {
    for (const auto& each : socket_.receive()) {
      recorded.emplace_back(each.bytes);
      hand_on(std::string(each.bytes));
    }
    socket_.flush();
  }
  void replay(std::size_t which) {
    socket_.put(target_, recorded.at(which));
    socket_.flush();
  }

  bool lossy = false;
  std::vector<std::string> recorded;

 private:
  void hand_on(std::string bytes) {
    const std::uint64_t draw = lossy ? prng_.between(0, 9) : 9;
    if (draw <= 2) return;  // Lost.
    if (draw == 3) socket_.put(target_, bytes);
    if (draw == 4) std::swap(bytes, late_);
    if (draw == 5) bytes[prng_.between(0, bytes.size() - 1)] ^= 4;
    if (draw == 6) bytes.resize(prng_.between(0, bytes.size() - 1));
    if (!bytes.empty()) socket_.put(target_, std::move(bytes));
  }

  os::Loop& loop_;
  os::Address target_;
  base::Prng prng_;
  os::Datagrams socket_ = os::Datagrams::bind({"127.0.0.1", 0}).value();
  os::Loop::Watch watch_;
  std::string late_;
};

raft::AppendEntries append(std::size_t payload_bytes) {
  raft::AppendEntries append;
  append.term = raft::Term(1);
  append.entries.edit().push_back({{raft::Term(1), raft::LogIndex(1)},
                                   raft::EntryKind::Command,
                                   std::make_shared<const std::string>(payload_bytes, 'x')});
  return append;
}

TEST(UdpTransport, CarriesMessagesAndRequests) {
  World world;
  Server& one = world.start(1, kUdp);
  Server& two = world.start(2, kUdp);
  world.introduce();
  one.transport->send({{2}, vote(7)});
  two.transport->send({{1}, vote(8)});
  EXPECT_TRUE(one.transport->forward({2}, {5, codec::Forward::Kind::Write, "incr"}));
  EXPECT_TRUE(world.until(
      [&] { return two.votes == Terms{7} && one.votes == Terms{8} && two.forwards.size() == 1; }));
  EXPECT_GE(two.transport->statistics().at({1}).messages_received, 2U);
}

TEST(UdpTransport, AnEntryOfTheLargestSizeFits) {
  World world;
  Server& one = world.start(1, kUdp);
  Server& two = world.start(2, kUdp);
  world.introduce();
  const Limits limits = one.transport->limits();
  EXPECT_EQ(limits.entry_bytes, 512U - 101U);
  one.transport->send({{2}, append(limits.entry_bytes)});
  ASSERT_TRUE(world.until([&] { return two.appends.size() == 1; }));
  EXPECT_EQ(two.appends[0].entries[0].payload->size(), limits.entry_bytes);

  one.transport->send({{2}, append(limits.entry_bytes + 1)});
  one.transport->send({{2}, vote(1)});
  ASSERT_TRUE(world.until([&] { return two.votes == Terms{1}; }));
  EXPECT_EQ(two.appends.size(), 1U);
  EXPECT_EQ(one.transport->statistics().at({2}).dropped, 1U);
}

TEST(UdpTransport, APieceOfASnapshotOfTheLargestSizeFits) {
  World world;
  const Limits limits = world.start(1, kUdp).transport->limits();
  raft::SnapshotChunk chunk;
  std::string bytes;
  chunk.data = std::make_shared<const std::string>(limits.chunk_bytes, 'x');
  codec::encode({}, raft::Message(chunk), bytes);
  EXPECT_EQ(bytes.size(), 512U);
}

TEST(UdpTransport, WhatRaftCountsAsTheLimitFits) {
  const Limits limits = [] {
    World world;
    return world.start(1, kUdp).transport->limits();
  }();
  for (std::uint64_t count = 1; count * 32 <= limits.append_bytes; ++count) {
    raft::AppendEntries full;
    for (std::uint64_t i = 1; i <= count; ++i) {
      const std::size_t payload = limits.append_bytes / count - 32;
      full.entries.edit().push_back({{raft::Term(1), raft::LogIndex(i)},
                                     raft::EntryKind::Command,
                                     std::make_shared<const std::string>(payload, 'x')});
    }
    std::string bytes;
    codec::encode({}, raft::Message(full), bytes);
    EXPECT_LE(bytes.size(), 512U) << count;
  }
}

TEST(UdpTransport, FindsAPeerAgainThatStartedAnew) {
  World world;
  Server& one = world.start(1, kUdp);
  world.start(2, kUdp);
  world.introduce();
  world.stop(2);
  ASSERT_TRUE(world.until([&] { return !one.transport->is_up({2}); }));
  Server& again = world.start(2, kUdp);
  ASSERT_TRUE(world.until([&] {
    one.transport->send({{2}, vote(9)});
    again.transport->send({{1}, vote(10)});
    return !again.votes.empty() && !one.votes.empty();
  }));
}

TEST(UdpTransport, MessagesOfAndForFormerLivesAreNotHeard) {
  World world;
  Relay to_two(world.loop(), world.address(2), 1);
  Config config = world.config(1);
  config.peers[{2}] = to_two.address();
  Server* one = &world.start(config, kUdp);
  Server* two = &world.start(2, kUdp);
  const auto heard = [&](std::uint64_t term) {
    return world.until([&] {
      one->transport->send({{2}, vote(term)});
      return std::count(two->votes.begin(), two->votes.end(), term) > 0;
    });
  };
  ASSERT_TRUE(heard(1));
  const std::size_t old = to_two.recorded.size() - 1;

  world.stop(1);
  config.life = {config.life.value + 2};
  one = &world.start(config, kUdp);
  ASSERT_TRUE(heard(2));
  two->votes.clear();
  to_two.replay(old);  // Of a former life of the sender.
  ASSERT_TRUE(heard(3));
  EXPECT_EQ(std::count(two->votes.begin(), two->votes.end(), 1U), 0);

  const std::size_t for_this_life = to_two.recorded.size() - 1;
  world.stop(2);
  two = &world.start(2, kUdp);
  to_two.replay(for_this_life);  // For a former life of the receiver.
  ASSERT_TRUE(heard(4));
  EXPECT_EQ(std::count(two->votes.begin(), two->votes.end(), 3U), 0);
}

TEST(UdpTransport, LossDuplicationReorderingAndCorruptionDoNoHarm) {
  World world;
  const std::uint64_t seed = seed_from_environment();
  Relay to_one(world.loop(), world.address(1), seed);
  Relay to_two(world.loop(), world.address(2), seed + 1);
  to_one.lossy = to_two.lossy = true;
  Config config = world.config(1);
  config.peers[{2}] = to_two.address();
  Server& one = world.start(config, kUdp);
  config = world.config(2);
  config.peers[{1}] = to_one.address();
  Server& two = world.start(config, kUdp);
  std::uint64_t term = 0;
  ASSERT_TRUE(world.until([&] {
    term += 1;
    one.transport->send({{2}, vote(term)});
    two.transport->send({{1}, vote(term)});
    return one.votes.size() > 500 && two.votes.size() > 500;
  }));
  for (const Server* server : {&one, &two}) {
    EXPECT_TRUE(std::all_of(server->votes.begin(), server->votes.end(),
                            [&](std::uint64_t each) { return each >= 1 && each <= term; }));
  }
}

TEST(UdpTransport, AnyBytesAtAllAreRefused) {
  World world;
  Server& one = world.start(1, kUdp);
  Server& two = world.start(2, kUdp);
  world.introduce();
  base::Prng prng(seed_from_environment());
  os::Datagrams stranger = os::Datagrams::bind({"127.0.0.1", 0}).value();
  const os::Address where = os::resolve(world.address(1)).value();
  for (int i = 0; i < 200; ++i) {
    std::string bytes(prng.between(0, 600), '\0');
    for (char& byte : bytes) byte = static_cast<char>(prng.next());
    stranger.put(where, bytes);
    stranger.flush();
  }
  // A forward in a datagram, and a Hello that answers what nobody asked.
  for (const codec::Body& body :
       {codec::Body(codec::Forward{}), codec::Body(codec::Hello{2, 0, 5})}) {
    std::string bytes;
    const codec::Address address{{7}, {2}, {1}, {99}, {}};
    std::visit([&](const auto& each) { codec::encode(address, each, bytes); }, body);
    stranger.put(where, bytes);
  }
  stranger.flush();
  two.transport->send({{1}, vote(3)});
  ASSERT_TRUE(world.until([&] { return one.votes == Terms{3}; }));
  EXPECT_TRUE(one.forwards.empty());
}

TEST(UdpTransport, PeersComeAndGo) {
  World world;
  Server& one = world.start(1, kUdp);
  Server& two = world.start(2, kUdp);
  world.introduce();
  one.on_vote = [&] { one.transport->set_peers({}); };
  two.transport->send({{1}, vote(1)});
  two.transport->send({{1}, vote(2)});
  ASSERT_TRUE(world.until([&] { return !two.transport->is_up({1}); }));
  EXPECT_EQ(one.votes, Terms{1});
  one.transport->set_peers({{{2}, world.address(2)}});
  EXPECT_TRUE(world.until([&] {
    one.transport->send({{2}, vote(5)});
    return !two.votes.empty();
  }));
}

TEST(UdpTransport, DatagramsHaveASensibleSize) {
  EXPECT_TRUE(UdpTransport::check_datagram_bytes(512).ok());
  EXPECT_EQ(UdpTransport::check_datagram_bytes(255).error().message,
            "datagram-bytes: expected 256 to 65507, not 255");
  EXPECT_FALSE(UdpTransport::check_datagram_bytes(65508).ok());
}

}  // namespace
}  // namespace transport
