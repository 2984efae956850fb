// SPDX-License-Identifier: Apache-2.0
// What can be done to the streams of a link.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "check/monitor/loop.h"
#include "check/monitor/world_test.h"

namespace check::monitor {
namespace {

TEST(LinkFaults, HeldBytesComeInOrderOnRelease) {
  World world;
  world.monitor();
  auto pair = world.connected();
  world.relay().hold(kForth);
  expect_complete(world);  // Also: the hold has been taken note of.
  pair.client.send("one ");
  pair.server.send("the other way is open");
  EXPECT_EQ(pair.client.receive(), "the other way is open");
  pair.client.send("two ");
  EXPECT_EQ(world.relay().counters()[kForth].bytes, 0U);
  pair.client.send("three");
  pair.client.finish();
  EXPECT_EQ(world.relay().counters()[kForth].bytes, 0U);
  world.relay().release(kForth);
  EXPECT_EQ(pair.server.receive_all(), "one two three");
  EXPECT_EQ(pair.server.end(), "eof");
  expect_complete(world);
}

TEST(LinkFaults, AResetOnAHeldLinkComesBehindTheBytes) {
  World world;
  world.monitor();
  auto pair = world.connected();
  world.relay().hold(kForth);
  expect_complete(world);
  pair.client.send("before");
  pair.client.reset();
  world.relay().release(kForth);
  std::string got;
  while (got.size() < 6) {
    const std::string part = pair.server.receive();
    if (part.empty()) break;
    got += part;
  }
  pair.server.receive_all();
  EXPECT_EQ(pair.server.end(), "ECONNRESET");
  expect_complete(world);
}

TEST(LinkFaults, AConnectionOverAHeldLinkStandsOnRelease) {
  World world;
  world.monitor();
  Socket listener = world.listen(kTwo, 7000);
  world.relay().hold(kForth);
  world.connect(kOne, kTwo, 7000, 300);
  EXPECT_EQ(world.error(), "EINPROGRESS");
  std::thread releaser([&] { world.relay().release(kForth); });
  Socket client = world.connect(kOne, kTwo, 7000, 2000);
  releaser.join();
  EXPECT_EQ(world.error(), "");
}

TEST(LinkFaults, ResetTearsDownTheConnectionsBetweenTwoNodes) {
  World world;
  world.monitor();
  auto between = world.connected(kOne, kTwo, 7000);
  auto other_way = world.connected(kTwo, kOne, 7001);
  auto elsewhere = world.connected(kOne, kThree, 7002);
  world.relay().reset(kForth);
  for (Socket* end : {&between.client, &between.server, &other_way.client, &other_way.server}) {
    end->receive_all();
    EXPECT_EQ(end->end(), "ECONNRESET");
  }
  elsewhere.client.send("alive");
  EXPECT_EQ(elsewhere.server.receive(), "alive");
  EXPECT_EQ(count_events(world.relay().take_events(), ConnectionChange::Reset), 2U);
  expect_complete(world);
}

TEST(LinkFaults, DelayedBytesComeLateAndInOrder) {
  World world;
  world.monitor({.seed = 1});
  auto pair = world.connected();
  world.relay().set_faults(
      kForth, {.delay = std::chrono::milliseconds(20), .jitter = std::chrono::milliseconds(20)});
  expect_complete(world);  // Also: the faults have been taken note of.
  const std::uint64_t begin = monotonic_ns();
  std::string sent;
  for (int i = 0; i < 200; ++i) {
    const std::string part = std::to_string(i) + ' ';
    sent += part;
    pair.client.send(part);
    pair.server.send("x");  // Breaks the client's bytes into chunks.
    EXPECT_EQ(pair.client.receive(1), "x");
  }
  pair.client.finish();
  const std::string first = pair.server.receive(2);
  EXPECT_GE(monotonic_ns() - begin, 20'000'000U);
  EXPECT_EQ(first + pair.server.receive_all(), sent);
  expect_complete(world);
}

TEST(LinkFaults, AnExpensiveActionDelaysNoOtherPair) {
  World world;
  world.monitor();
  auto victim = world.connected(kOne, kTwo, 7000);
  auto pinged = world.connected(kTwo, kThree, 7001);
  std::atomic<bool> acting = true;
  std::thread expensive([&] {  // As a kill does: the victim's traffic waits meanwhile.
    world.relay().hold(kForth);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    world.relay().release(kForth);
    acting = false;
  });
  std::uint64_t slowest = 0;
  int pings = 0;
  while (acting) {
    victim.client.send("x");
    const std::uint64_t begin = monotonic_ns();
    pinged.client.send("ping");
    EXPECT_EQ(pinged.server.receive(), "ping");
    pinged.server.send("pong");
    EXPECT_EQ(pinged.client.receive(), "pong");
    slowest = std::max(slowest, monotonic_ns() - begin);
    ++pings;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  expensive.join();
  EXPECT_GT(pings, 10);
  EXPECT_LT(slowest, 150'000'000U);
}

TEST(LinkFaults, ADelayedLinkDelaysAlsoTheOpeningAndTheEnd) {
  World world;
  world.monitor();
  world.relay().set_faults(kForth, {.delay = std::chrono::milliseconds(20)});
  world.relay().set_faults(kBack, {.delay = std::chrono::milliseconds(30)});
  expect_complete(world);
  const std::uint64_t begin = monotonic_ns();
  auto pair = world.connected();
  const std::uint64_t open = monotonic_ns();
  EXPECT_GE(open - begin, 50'000'000U);
  pair.client.finish();
  pair.server.receive();
  EXPECT_EQ(pair.server.end(), "eof");
  EXPECT_GE(monotonic_ns() - open, 20'000'000U);
}

TEST(LinkFaults, APeerThatStopsAnsweringIsSilentForTheOther) {
  World world;
  const sandbox::Fd retries(open("/proc/sys/net/ipv4/tcp_retries2", O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(write(retries.get(), "1", 1), 1);  // Of the switch: gives up within a second.
  world.monitor();
  auto pair = world.connected();
  world.relay().set_faults(kForth, {.delay = std::chrono::milliseconds(100)});
  expect_complete(world);
  pair.client.send("on the way when the link is cut");
  EXPECT_TRUE(eventually([&] { return world.relay().counters()[kForth].chunks == 1; }));
  ASSERT_TRUE(world.sandbox().cut({kForth}).ok());
  EXPECT_TRUE(eventually(
      [&] { return count_events(world.relay().take_events(), ConnectionChange::Vanished) == 1; }));
  ASSERT_TRUE(world.sandbox().cut({}).ok());
  const timeval short_time{0, 50'000};
  setsockopt(pair.client.fd(), SOL_SOCKET, SO_RCVTIMEO, &short_time, sizeof short_time);
  pair.client.receive();
  EXPECT_EQ(pair.client.end(), "EAGAIN");
  pair.client.send("anybody?");
  pair.client.receive();
  EXPECT_EQ(pair.client.end(), "ECONNRESET");
  expect_complete(world);
}

}  // namespace
}  // namespace check::monitor
