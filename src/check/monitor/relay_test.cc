// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "base/prng.h"
#include "check/monitor/loop.h"
#include "check/monitor/world_test.h"

namespace check::monitor {
namespace {

std::uint64_t test_seed() {
  const char* given = std::getenv("MONITOR_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  std::cout << "MONITOR_SEED=" << seed << '\n';
  return seed;
}

std::string random_bytes(base::Prng& prng, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(prng.next());
  return bytes;
}

void expect_complete(World& world) {
  const Audit audit = world.relay().audit();
  EXPECT_TRUE(audit.complete) << audit.sentence;
}

std::size_t count_events(const ConnectionEvents& all, ConnectionChange change) {
  return static_cast<std::size_t>(
      std::count_if(all.events.begin(), all.events.end(),
                    [&](const ConnectionEvent& event) { return event.change == change; }));
}

TEST(Relay, EveryByteOfManyConnectionsArrivesBothWays) {
  World world;
  world.monitor();
  base::Prng prng(test_seed());
  constexpr int kConnections = 60;
  std::vector<std::thread> ends;
  std::atomic<int> exact = 0;
  std::map<DirectedPair, std::uint64_t> bytes;
  for (int i = 0; i < kConnections; ++i) {
    const NodeId from{static_cast<std::uint32_t>(prng.between(1, 3))};
    const NodeId to{from.value % 3 + 1};
    auto pair = std::make_shared<World::Pair>(
        world.connected(from, to, static_cast<std::uint16_t>(7000 + i)));
    const std::string forth = random_bytes(prng, prng.between(0, 400'000));
    const std::string back = random_bytes(prng, prng.between(0, 400'000));
    bytes[{from, to}] += forth.size();
    bytes[{to, from}] += back.size();
    ends.emplace_back([pair, forth, back, &exact] {
      std::thread sender([&] {
        pair->client.send(forth);
        pair->client.finish();
      });
      std::thread answerer([&] {
        pair->server.send(back);
        pair->server.finish();
      });
      std::string got;
      std::thread receiver([&] { got = pair->server.receive_all(); });
      const bool same_back = pair->client.receive_all() == back;
      sender.join();
      answerer.join();
      receiver.join();
      if (same_back && got == forth) ++exact;
    });
  }
  for (std::thread& end : ends) end.join();
  EXPECT_EQ(exact, kConnections);
  expect_complete(world);
  std::uint64_t connections = 0;
  for (const auto& [pair, counters] : world.relay().counters()) {
    EXPECT_EQ(counters.bytes, bytes[pair]);
    connections += counters.connections;
  }
  EXPECT_EQ(connections, kConnections);
  ConnectionEvents events;
  EXPECT_TRUE(eventually([&] {
    const auto more = world.relay().take_events();
    events.events.insert(events.events.end(), more.events.begin(), more.events.end());
    return count_events(events, ConnectionChange::Closed) == kConnections;
  }));
  EXPECT_EQ(count_events(events, ConnectionChange::Opened), kConnections);
  EXPECT_EQ(events.lost, 0U);
}

TEST(Relay, AStoppedReceiverSlowsItsSenderDown) {
  World world;
  world.monitor();
  auto pair = world.connected();
  const timeval short_time{0, 200'000};
  setsockopt(pair.client.fd(), SOL_SOCKET, SO_SNDTIMEO, &short_time, sizeof short_time);
  std::string sent;
  base::Prng prng(test_seed());
  for (;;) {
    const std::string part = random_bytes(prng, 10'000);
    const ssize_t size = ::send(pair.client.fd(), part.data(), part.size(), MSG_NOSIGNAL);
    if (size < 0) break;
    sent.append(part, 0, static_cast<std::size_t>(size));
    ASSERT_LT(sent.size(), 64U << 20);
  }
  RecordProperty("absorbed_bytes", static_cast<int>(sent.size()));
  std::cout << "absorbed " << sent.size() << " bytes\n";
  EXPECT_LT(sent.size(), 8U << 20);
  pair.client.finish();
  EXPECT_TRUE(pair.server.receive_all() == sent);
  expect_complete(world);
}

TEST(Relay, NoByteIsMissedThroughACut) {
  World world;
  world.monitor();
  auto pair = world.connected();
  base::Prng prng(test_seed());
  const std::string sent = random_bytes(prng, 3'000'000);
  std::thread sender([&] {
    pair.client.send(sent);
    pair.client.finish();
  });
  std::string got = pair.server.receive();
  EXPECT_TRUE(world.sandbox().cut({kForth, kBack}).ok());
  world.connect(kOne, kTwo, 7001, 50);
  EXPECT_EQ(world.error(), "EINPROGRESS");
  EXPECT_TRUE(world.sandbox().cut({}).ok());
  got += pair.server.receive_all();
  sender.join();
  EXPECT_TRUE(got == sent);
  expect_complete(world);
}

TEST(Relay, HeldBytesComeInOrderOnRelease) {
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

TEST(Relay, AResetOnAHeldLinkComesBehindTheBytes) {
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

TEST(Relay, AConnectionOverAHeldLinkStandsOnRelease) {
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

TEST(Relay, ResetTearsDownTheConnectionsBetweenTwoNodes) {
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

TEST(Relay, DelayedBytesComeLateAndInOrder) {
  World world;
  world.monitor({.seed = test_seed()});
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

TEST(Relay, ARefusalAndASilenceAreEvents) {
  World world;
  world.monitor();
  world.connect(kOne, kTwo, 9999);
  EXPECT_EQ(world.error(), "ECONNREFUSED");
  const auto events = world.relay().take_events();
  ASSERT_EQ(events.events.size(), 1U);
  EXPECT_EQ(events.events[0].change, ConnectionChange::Refused);
  EXPECT_EQ(events.events[0].pair, kForth);
  EXPECT_EQ(events.events[0].server_port, 9999);
}

TEST(Relay, OnlyTheGivenPortsAreRelayed) {
  World world;
  world.monitor({.peer_ports = {7000}});
  auto relayed = world.connected(kOne, kTwo, 7000);
  auto direct = world.connected(kOne, kTwo, 7001);
  relayed.client.send("seen");
  direct.client.send("not seen");
  EXPECT_EQ(relayed.server.receive(), "seen");
  EXPECT_EQ(direct.server.receive(), "not seen");
  expect_complete(world);
  EXPECT_EQ(world.relay().counters()[kForth].bytes, 4U);
}

TEST(Relay, WithoutTheMonitorTheNetworkIsAsBefore) {
  World world;
  world.monitor();
  auto relayed = world.connected(kOne, kTwo, 7000);
  world.stop_monitor();
  relayed.client.receive_all();
  EXPECT_EQ(relayed.client.end(), "ECONNRESET");
  auto direct = world.connected(kOne, kTwo, 7001);
  direct.client.send("hello");
  EXPECT_EQ(direct.server.receive(), "hello");
}

TEST(Relay, AnExpensiveActionDelaysNoOtherPair) {
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

}  // namespace
}  // namespace check::monitor
