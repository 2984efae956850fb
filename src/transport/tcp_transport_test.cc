// SPDX-License-Identifier: Apache-2.0
#include "transport/tcp_transport.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <string>

#include "codec/encode.h"
#include "transport/world_test.h"

namespace transport {
namespace {

TEST(TcpTransport, CarriesMessagesBothWays) {
  World world;
  Server& one = world.start(1, open<TcpTransport>);
  Server& two = world.start(2, open<TcpTransport>);
  world.introduce();
  one.transport->send({{2}, vote(7)});
  two.transport->send({{1}, vote(8)});
  EXPECT_TRUE(world.until([&] { return two.votes == Terms{7} && one.votes == Terms{8}; }));
}

TEST(TcpTransport, BringsRequestsAndTheirAnswers) {
  World world;
  Server& one = world.start(1, open<TcpTransport>);
  Server& two = world.start(2, open<TcpTransport>);
  world.introduce();
  EXPECT_TRUE(one.transport->forward({2}, {5, codec::Forward::Kind::Write, "incr"}));
  ASSERT_TRUE(world.until([&] { return two.forwards.size() == 1; }));
  EXPECT_EQ(two.forwards[0].second.payload, "incr");
  two.transport->reply(two.forwards[0].first, {5, codec::ForwardDone{"42"}});
  ASSERT_TRUE(world.until([&] { return one.replies.size() == 1; }));
  EXPECT_EQ(one.replies[0].sequence, 5U);
}

TEST(TcpTransport, SaysWhenRequestsWillNotBeAnswered) {
  World world;
  Server& one = world.start(1, open<TcpTransport>);
  world.start(2, open<TcpTransport>);
  world.introduce();
  world.stop(2);
  ASSERT_TRUE(world.until([&] { return one.down == 1; }));
  EXPECT_FALSE(one.transport->forward({2}, {}));
}

TEST(TcpTransport, FindsAPeerAgainThatStartedAnew) {
  World world;
  Server& one = world.start(1, open<TcpTransport>);
  world.start(2, open<TcpTransport>);
  world.introduce();
  world.stop(2);
  ASSERT_TRUE(world.until([&] { return !one.transport->is_up({2}); }));
  Server& again = world.start(2, open<TcpTransport>);
  world.introduce();
  one.transport->send({{2}, vote(9)});
  EXPECT_TRUE(world.until([&] { return again.votes == Terms{9}; }));
}

TEST(TcpTransport, ManyMessagesWaitForOneFlushAndKeepTheirOrder) {
  World world;
  Server& one = world.start(1, open<TcpTransport>);
  Server& two = world.start(2, open<TcpTransport>);
  world.introduce();
  Terms sent;
  for (std::uint64_t term = 1; term <= 1000; ++term) {
    one.transport->send({{2}, vote(term)});
    sent.push_back(term);
  }
  EXPECT_TRUE(two.votes.empty());
  EXPECT_GT(one.transport->statistics().at({2}).queued_bytes, 50000U);
  EXPECT_TRUE(world.until([&] { return two.votes == sent; }));
  EXPECT_EQ(one.transport->statistics().at({2}).queued_bytes, 0U);
}

TEST(TcpTransport, AFullQueueDropsMessagesAndTakesNoRequests) {
  World world;
  Config config = world.config(1);
  config.queue_bytes = 1000;
  Server& one = world.start(config, open<TcpTransport>);
  Server& two = world.start(2, open<TcpTransport>);
  world.introduce();
  for (int i = 0; i < 100; ++i) one.transport->send({{2}, vote(1)});
  EXPECT_FALSE(one.transport->forward({2}, {}));
  const PeerStatistics statistics = one.transport->statistics().at({2});
  EXPECT_LT(statistics.queued_bytes, 1100U);
  EXPECT_GT(statistics.dropped, 50U);
  ASSERT_TRUE(world.until([&] { return one.transport->statistics().at({2}).queued_bytes == 0; }));
  EXPECT_TRUE(one.transport->forward({2}, {}));
  EXPECT_TRUE(world.until([&] { return two.forwards.size() == 1; }));
}

// Hazards B37, G1: one peer that hangs, or is not there, holds up nobody else.
TEST(TcpTransport, APeerThatDoesNotReadHoldsUpNobodyAndTakesNoMemory) {
  World world;
  const os::HostPort where = world.address(3);  // It greets, and then does nothing more.
  auto listening = os::listen_tcp(where);
  ASSERT_TRUE(listening.ok());
  Config config = world.config(1);
  config.queue_bytes = std::size_t{1} << 20U;
  Server& one = world.start(config, open<TcpTransport>);
  Config other = world.config(2);
  other.peers.erase({3});
  Server& two = world.start(other, open<TcpTransport>);
  std::optional<os::Fd> socket;
  ASSERT_TRUE(world.until([&] {
    if (!socket) socket = os::accept_tcp(listening.value()).value();
    return socket.has_value() && one.transport->is_up({2});
  }));
  std::string hello;
  codec::encode({{7}, {3}, {1}, {31}, {}}, codec::Hello{}, hello);
  ASSERT_EQ(::write(socket->number(), hello.data(), hello.size()),
            static_cast<ssize_t>(hello.size()));
  ASSERT_TRUE(world.until([&] { return one.transport->is_up({3}); }));

  Terms heard;
  for (std::uint64_t term = 1; term <= 100'000; ++term) {
    one.transport->send({{3}, vote(term)});
    if (term % 1000 != 0) continue;
    one.transport->send({{2}, vote(term)});
    one.transport->flush();
    heard.push_back(term);
  }
  EXPECT_TRUE(world.until([&] { return two.votes == heard; }));
  const PeerStatistics statistics = one.transport->statistics().at({3});
  EXPECT_LE(statistics.queued_bytes, config.queue_bytes + 100);
  EXPECT_GT(statistics.dropped, 0U);
}

// Many long answers of one turn: the peer reads, it only had no chance to yet.
TEST(TcpTransport, MoreAnswersThanMayWaitDoNotEndTheConnection) {
  World world;
  Config config = world.config(2);
  config.queue_bytes = std::size_t{1} << 20U;
  Server& one = world.start(1, open<TcpTransport>);
  Server& two = world.start(config, open<TcpTransport>);
  world.introduce();
  constexpr std::uint64_t kAsked = 20;
  for (std::uint64_t i = 1; i <= kAsked; ++i) {
    ASSERT_TRUE(one.transport->forward({2}, {i, codec::Forward::Kind::Read, "get"}));
  }
  ASSERT_TRUE(world.until([&] { return two.forwards.size() == kAsked; }));
  const InboundId link = two.forwards[0].first;
  const codec::ForwardDone longer{std::string(std::size_t{1} << 19U, 'v')};
  for (std::uint64_t i = 1; i <= kAsked; ++i) two.transport->reply(link, {i, longer});
  two.transport->reply(link, {kAsked + 1, codec::ForwardDone{"short"}});

  // Reads are not even begun; writes are, for their answers are short.
  ASSERT_TRUE(one.transport->forward({2}, {100, codec::Forward::Kind::Read, "get"}));
  ASSERT_TRUE(one.transport->forward({2}, {101, codec::Forward::Kind::Write, "set"}));
  one.transport->flush();
  while (two.forwards.size() == kAsked) {
    ASSERT_TRUE(world.loop().turn(std::chrono::milliseconds(5)).ok());
  }
  EXPECT_EQ(two.forwards[kAsked].second.sequence, 101U);

  ASSERT_TRUE(world.until([&] { return one.replies.size() == kAsked + 2; }));
  std::map<std::size_t, int> kinds;
  for (const codec::ForwardReply& reply : one.replies) kinds[reply.outcome.index()] += 1;
  EXPECT_EQ(kinds[0], 5);   // What fits, and the short one.
  EXPECT_EQ(kinds[1], 1);   // The read that came too late.
  EXPECT_EQ(kinds[2], 16);  // They are to be asked again.
  EXPECT_EQ(one.down, 0);
  EXPECT_EQ(two.transport->statistics().at({1}).refused, 0U);
}

TEST(TcpTransport, APeerThatAsksAndDoesNotReadIsLetGo) {
  World world;
  Config config = world.config(1);
  config.queue_bytes = std::size_t{1} << 20U;
  config.patience = std::chrono::milliseconds(100);
  Server& one = world.start(config, open<TcpTransport>);
  auto socket = os::connect_tcp(os::resolve(world.address(1)).value());
  ASSERT_TRUE(socket.ok());
  std::string bytes;
  codec::encode({{7}, {3}, {1}, {31}, {}}, codec::Hello{}, bytes);
  codec::encode({{7}, {3}, {1}, {31}, config.life},
                codec::Forward{1, codec::Forward::Kind::Read, "get"}, bytes);
  std::size_t written = 0;
  ASSERT_TRUE(world.until([&] {
    const auto count =
        ::write(socket.value().number(), bytes.data() + written, bytes.size() - written);
    if (count > 0) written += static_cast<std::size_t>(count);
    return !one.forwards.empty();
  }));
  testing::internal::CaptureStderr();
  const codec::ForwardDone longer{std::string(std::size_t{1} << 20U, 'v')};
  // It is gone when an answer to it does not count any more.
  EXPECT_TRUE(world.until([&] {
    const std::uint64_t before = one.transport->statistics().at({3}).messages_sent;
    one.transport->reply(one.forwards[0].first, {1, longer});
    return one.transport->statistics().at({3}).messages_sent == before;
  }));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("peer-deaf"), std::string::npos) << said;
  EXPECT_EQ(one.transport->statistics().at({3}).refused, 0U);
}

TEST(TcpTransport, PeersComeAndGo) {
  World world;
  Server& one = world.start(1, open<TcpTransport>);
  Server& two = world.start(2, open<TcpTransport>);
  Server& three = world.start(3, open<TcpTransport>);
  world.introduce();
  one.transport->send({{3}, vote(1)});
  ASSERT_TRUE(world.until([&] { return three.votes == Terms{1}; }));

  one.transport->set_peers({{{2}, world.address(2)}});
  EXPECT_EQ(one.transport->statistics().count({3}), 0U);
  one.transport->send({{3}, vote(2)});
  three.transport->send({{1}, vote(3)});
  one.transport->send({{2}, vote(4)});
  ASSERT_TRUE(world.until([&] { return two.votes == Terms{4}; }));
  ASSERT_TRUE(world.until([&] { return !three.transport->is_up({1}); }));
  EXPECT_EQ(three.votes, Terms{1});
  EXPECT_TRUE(one.votes.empty());

  one.transport->set_peers({{{2}, world.address(2)}, {{3}, world.address(3)}});
  world.introduce();
  one.transport->send({{3}, vote(5)});
  EXPECT_TRUE(world.until([&] { return three.votes == (Terms{1, 5}); }));
}

TEST(TcpTransport, APeerMayLeaveWhileItsMessageIsHeard) {
  World world;
  Server& one = world.start(1, open<TcpTransport>);
  Server& two = world.start(2, open<TcpTransport>);
  world.introduce();
  one.on_vote = [&] { one.transport->set_peers({}); };
  two.transport->send({{1}, vote(1)});
  two.transport->send({{1}, vote(2)});
  EXPECT_TRUE(world.until([&] { return !two.transport->is_up({1}); }));
  EXPECT_EQ(one.votes, Terms{1});
}

// One that is known by name is found beside the loop; one that is not found holds nobody up.
TEST(TcpTransport, LooksForPeersByNameAndSaysOnceWhoIsNotFound) {
  World world;
  Config config = world.config(1);
  config.peers[{2}].host = "localhost";
  config.peers[{3}] = {"no such host", 1};
  Config named = world.config(2);
  named.listen.host = "localhost";
  testing::internal::CaptureStderr();
  Server& one = world.start(config, open<TcpTransport>);
  Server& two = world.start(named, open<TcpTransport>);
  EXPECT_TRUE(world.until([&] { return one.transport->is_up({2}) && two.transport->is_up({1}); }));
  one.transport->set_peers({{{3}, {"no such host", 1}}, {{4}, {"nor such host", 1}}});
  std::string said;
  EXPECT_TRUE(world.until([&] {
    said += testing::internal::GetCapturedStderr();
    testing::internal::CaptureStderr();
    return said.find("'nor such host'") != std::string::npos;
  }));
  testing::internal::GetCapturedStderr();
  const std::string line =
      "peer-not-found peer=3 to=\"no such host:1\" reason=\"cannot find the address of 'no such "
      "host': ";
  EXPECT_NE(said.find(line), std::string::npos) << said;
  EXPECT_EQ(said.find(line), said.rfind(line)) << said;
}

// Another server in the name of a peer, which runs: on a copy of its data, for example.
TEST(TcpTransport, AnotherLifeOfAPeerThatRunsIsRefused) {
  World world;
  Server& one = world.start(1, open<TcpTransport>);
  Server& two = world.start(2, open<TcpTransport>);
  world.introduce();
  Config config = world.config(2);
  config.listen = config.peers[{2}] = world.address(9);
  const os::Log log{0};
  Server second;
  second.transport = open<TcpTransport>(world.loop(), log, config, second).value();
  testing::internal::CaptureStderr();
  ASSERT_TRUE(world.until([&] {
    second.transport->on_time(os::steady_now());
    second.transport->flush();
    second.transport->send({{1}, vote(99)});
    return one.transport->statistics().at({2}).refused >= 3;
  }));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("node 2 runs at " + world.address(2).text() +
                      ": this is a second process with its id"),
            std::string::npos)
      << said;
  EXPECT_FALSE(second.transport->is_up({1}));
  two.transport->send({{1}, vote(3)});
  ASSERT_TRUE(world.until([&] { return one.votes == Terms{3}; }));

  world.stop(2);  // The true one may start again.
  Server& again = world.start(2, open<TcpTransport>);
  world.introduce();
  again.transport->send({{1}, vote(4)});
  EXPECT_TRUE(world.until([&] { return one.votes == (Terms{3, 4}); }));
}

TEST(TcpTransport, ListensToItsClusterOnly) {
  World world;
  Config other = world.config(2);
  other.cluster = {8};
  Server& one = world.start(1, open<TcpTransport>);
  Server& stranger = world.start(other, open<TcpTransport>);
  testing::internal::CaptureStderr();
  EXPECT_FALSE(
      world.until([&] { return one.transport->is_up({2}) || stranger.transport->is_up({1}); },
                  std::chrono::milliseconds(300)));
  EXPECT_NE(testing::internal::GetCapturedStderr().find("for cluster 8, this is cluster 7"),
            std::string::npos);
}

}  // namespace
}  // namespace transport
