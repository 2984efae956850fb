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

}  // namespace
}  // namespace check::monitor
