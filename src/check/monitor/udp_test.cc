// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <vector>

#include "check/monitor/endpoint.h"
#include "check/monitor/world_test.h"

namespace check::monitor {
namespace {

constexpr std::uint16_t kPort = 7000;

void send_to(const Socket& socket, NodeId to, const std::string& bytes) {
  const sockaddr_in name = to_sockaddr({0x0a4d0000 + to.value, kPort});
  EXPECT_EQ(sendto(socket.fd(), bytes.data(), bytes.size(), 0,
                   reinterpret_cast<const sockaddr*>(&name), sizeof name),
            static_cast<ssize_t>(bytes.size()));
}

// "address:port bytes"
std::string receive_from(const Socket& socket) {
  std::string bytes(65536, '\0');
  sockaddr_in name{};
  socklen_t size = sizeof name;
  const ssize_t got = recvfrom(socket.fd(), bytes.data(), bytes.size(), 0,
                               reinterpret_cast<sockaddr*>(&name), &size);
  if (got < 0) return "nothing";
  bytes.resize(static_cast<std::size_t>(got));
  const Endpoint from = from_sockaddr(name);
  return address_text(from.address) + ':' + std::to_string(from.port) + ' ' + bytes;
}

// What of `count` numbered datagrams from node 1 comes to node 2, in the order it comes.
std::vector<int> sent_through(const LinkFaults& faults, std::uint64_t seed, int count) {
  World world;
  world.monitor({.seed = seed});
  const Socket sender = world.datagram_socket(kOne, kPort);
  const Socket receiver = world.datagram_socket(kTwo, kPort);
  world.relay().set_faults(kForth, faults);
  expect_complete(world);  // Also: the faults have been taken note of.
  for (int i = 0; i < count; ++i) {
    send_to(sender, kTwo, std::to_string(i));
    if (i % 50 == 0) expect_complete(world);  // The monitor keeps up.
  }
  // What was sent on is counted; the last word comes behind all that.
  EXPECT_TRUE(eventually([&] {
    return world.relay().counters()[kForth].chunks == static_cast<std::uint64_t>(count);
  }));
  world.relay().clear_faults();
  expect_complete(world);
  send_to(sender, kTwo, "end");
  std::vector<int> numbers;
  for (;;) {
    const std::string got = receive_from(receiver);
    const std::string word = got.substr(got.find(' ') + 1);
    if (word == "end" || word == "nothing") break;
    numbers.push_back(std::stoi(word));
  }
  return numbers;
}

TEST(UdpRelay, DatagramsComeFromTheirTrueSenderAndAnswersGoBack) {
  World world;
  world.monitor();
  const Socket one = world.datagram_socket(kOne, kPort);
  const Socket two = world.datagram_socket(kTwo, kPort);
  send_to(one, kTwo, "ping");
  EXPECT_EQ(receive_from(two), "10.77.0.1:7000 ping");
  send_to(two, kOne, "pong");
  EXPECT_EQ(receive_from(one), "10.77.0.2:7000 pong");
  send_to(one, kTwo, "");
  EXPECT_EQ(receive_from(two), "10.77.0.1:7000 ");
  expect_complete(world);
  const auto counters = world.relay().counters();
  EXPECT_EQ(counters.at(kForth).bytes, 4U);
  EXPECT_EQ(counters.at(kForth).chunks, 2U);
  EXPECT_EQ(counters.at(kBack).bytes, 4U);
}

TEST(UdpRelay, DatagramsInFragmentsComeWhole) {
  World world;
  world.monitor();
  const Socket one = world.datagram_socket(kOne, kPort);
  const Socket two = world.datagram_socket(kTwo, kPort);
  for (const std::size_t size : {1472U, 1473U, 2952U, 2953U, 30000U, 65507U}) {
    const std::string bytes(size, 'f');
    send_to(one, kTwo, bytes);
    EXPECT_EQ(receive_from(two), "10.77.0.1:7000 " + bytes);
  }
  expect_complete(world);
}

TEST(UdpRelay, ManySourcesAreServed) {
  World world;
  world.monitor();
  const Socket two = world.datagram_socket(kTwo, kPort);
  for (std::uint16_t port = 20000; port < 20300; ++port) {  // More than there are sender sockets.
    const Socket one = world.datagram_socket(kOne, port);
    send_to(one, kTwo, "hello");
    EXPECT_EQ(receive_from(two), "10.77.0.1:" + std::to_string(port) + " hello");
  }
  expect_complete(world);
}

TEST(UdpRelay, LossTakesAboutItsShareAndTheSameForASeed) {
  const LinkFaults third{.udp_loss_ppm = 333'333};
  const auto first = sent_through(third, 1, 300);
  EXPECT_GT(first.size(), 150U);
  EXPECT_LT(first.size(), 250U);
  EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));
  EXPECT_EQ(first, sent_through(third, 1, 300));
  EXPECT_NE(first, sent_through(third, 2, 300));
}

TEST(UdpRelay, LossOfAllIsCounted) {
  World world;
  world.monitor();
  const Socket one = world.datagram_socket(kOne, kPort);
  world.relay().set_faults(kForth, {.udp_loss_ppm = 1'000'000});
  expect_complete(world);
  for (int i = 0; i < 10; ++i) send_to(one, kTwo, "lost");
  EXPECT_TRUE(eventually([&] { return world.relay().counters()[kForth].dropped == 10; }));
  EXPECT_EQ(world.relay().counters()[kForth].bytes, 0U);
  expect_complete(world);
}

TEST(UdpRelay, DuplicatesComeTwice) {
  EXPECT_EQ(sent_through({.udp_duplicate_ppm = 1'000'000}, 1, 3),
            (std::vector<int>{0, 0, 1, 1, 2, 2}));
}

TEST(UdpRelay, ReorderingSwapsNeighbours) {
  EXPECT_EQ(sent_through({.udp_reorder_ppm = 1'000'000}, 1, 4), (std::vector<int>{1, 0, 3, 2}));
}

TEST(UdpRelay, TheLastDatagramIsNotLostToReordering) {
  World world;
  world.monitor();
  const Socket one = world.datagram_socket(kOne, kPort);
  const Socket two = world.datagram_socket(kTwo, kPort);
  world.relay().set_faults(kForth, {.udp_reorder_ppm = 1'000'000});
  send_to(one, kTwo, "alone");
  EXPECT_EQ(receive_from(two), "10.77.0.1:7000 alone");
}

TEST(UdpRelay, HeldDatagramsComeInOrderOnRelease) {
  World world;
  world.monitor();
  const Socket one = world.datagram_socket(kOne, kPort);
  const Socket two = world.datagram_socket(kTwo, kPort);
  world.relay().hold(kForth);
  expect_complete(world);
  for (const char* word : {"a", "b", "c"}) send_to(one, kTwo, word);
  EXPECT_TRUE(eventually([&] { return world.relay().counters()[kForth].chunks == 3; }));
  EXPECT_EQ(world.relay().counters()[kForth].bytes, 0U);
  world.relay().release(kForth);
  for (const std::string word : {"a", "b", "c"}) {
    EXPECT_EQ(receive_from(two), "10.77.0.1:7000 " + word);
  }
  expect_complete(world);
}

TEST(UdpRelay, DelayComesBeforeDelivery) {
  World world;
  world.monitor();
  const Socket one = world.datagram_socket(kOne, kPort);
  const Socket two = world.datagram_socket(kTwo, kPort);
  world.relay().set_faults(kForth, {.delay = std::chrono::milliseconds(30)});
  expect_complete(world);
  const auto begin = std::chrono::steady_clock::now();
  send_to(one, kTwo, "late");
  EXPECT_EQ(receive_from(two), "10.77.0.1:7000 late");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(30));
}

}  // namespace
}  // namespace check::monitor
