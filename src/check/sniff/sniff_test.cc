// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "check/capture/capture_file.h"
#include "check/capture/reassembler.h"
#include "check/sniff/link_counts.h"
#include "check/sniff/packet_ring.h"
#include "check/sniff/passive_monitor.h"

namespace check::sniff {
namespace {

using std::chrono::milliseconds;

constexpr NodeId kOne{1};
constexpr NodeId kTwo{2};
constexpr DirectedPair kForth{kOne, kTwo};
constexpr DirectedPair kBack{kTwo, kOne};
constexpr std::uint16_t kPort = 7000;

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

sandbox::Fd socket_on(sandbox::Sandbox& hosts, NodeId node, int type) {
  sandbox::Fd fd;
  const auto made = hosts.in_network_of(node, [&]() -> base::Status {
    fd = sandbox::Fd(socket(AF_INET, type | SOCK_CLOEXEC, 0));
    return base::Done{};
  });
  EXPECT_TRUE(made.ok() && fd.open());
  const timeval time{5, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  return fd;
}

sockaddr_in name_of(sandbox::Sandbox& hosts, NodeId node) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(kPort);
  inet_pton(AF_INET, hosts.address(node).c_str(), &name.sin_addr);
  return name;
}

// A connection from node 1 to node 2.
struct Connection {
  sandbox::Fd client;
  sandbox::Fd server;
};

Connection connected(sandbox::Sandbox& hosts) {
  const sockaddr_in name = name_of(hosts, kTwo);
  const auto* address = reinterpret_cast<const sockaddr*>(&name);
  const sandbox::Fd listener = socket_on(hosts, kTwo, SOCK_STREAM);
  EXPECT_EQ(bind(listener.get(), address, sizeof name), 0);
  EXPECT_EQ(listen(listener.get(), 8), 0);
  Connection connection;
  connection.client = socket_on(hosts, kOne, SOCK_STREAM);
  EXPECT_EQ(connect(connection.client.get(), address, sizeof name), 0);
  connection.server = sandbox::Fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_TRUE(connection.server.open());
  return connection;
}

// Sends all of it, and reads it at the other end.
void pass(const sandbox::Fd& from, const sandbox::Fd& to, std::size_t size) {
  std::thread sender([&] {
    const std::string bytes(size, 'x');
    std::size_t sent = 0;
    while (sent < size) {
      const ssize_t now = send(from.get(), bytes.data() + sent, size - sent, MSG_NOSIGNAL);
      if (now <= 0) break;
      sent += static_cast<std::size_t>(now);
    }
  });
  std::string buffer(65536, ' ');
  std::size_t received = 0;
  while (received < size) {
    const ssize_t now = recv(to.get(), buffer.data(), buffer.size(), 0);
    if (now <= 0) break;
    received += static_cast<std::size_t>(now);
  }
  sender.join();
  EXPECT_EQ(received, size);
}

std::unique_ptr<sandbox::Sandbox> hosts_of(std::uint32_t nodes) {
  auto hosts = sandbox::Sandbox::create(nodes);
  EXPECT_TRUE(hosts.ok()) << hosts.error().message;
  return std::move(hosts).value();
}

TEST(PassiveMonitor, CountsEveryByteBetweenNodesAndTheAuditAgrees) {
  const auto hosts = hosts_of(2);
  const std::string file = testing::TempDir() + "passive.pcapng";
  auto monitor = start_passive_monitor(*hosts, {.pcapng = file});
  ASSERT_TRUE(monitor.ok()) << monitor.error().message;
  {
    const Connection connection = connected(*hosts);
    pass(connection.client, connection.server, 3'000'000);
    pass(connection.server, connection.client, 1000);
  }
  EXPECT_TRUE(eventually([&] {
    const auto links = monitor.value()->counters();
    return links.contains(kForth) && links.at(kForth).bytes == 3'000'000 && links.contains(kBack) &&
           links.at(kBack).bytes == 1000;
  }));
  EXPECT_EQ(monitor.value()->counters().at(kForth).connections, 1U);
  const monitor::Audit audit = monitor.value()->audit();
  EXPECT_TRUE(audit.complete) << audit.sentence;
  const std::uint64_t packets = monitor.value()->traffic_file().packets;
  monitor = base::Error{base::ErrorCode::NotFound, "ended"};

  std::ifstream stream(file, std::ios::binary);
  std::stringstream content;
  content << stream.rdbuf();
  capture::CaptureFile capture;
  capture.add(content.str());
  std::uint64_t found = 0;
  for (auto packet = capture.next(); packet.ok() && packet.value(); packet = capture.next()) {
    found += 1;
  }
  EXPECT_EQ(found, packets);
  EXPECT_EQ(capture.left_over(), 0U);
}

TEST(PassiveMonitor, TellsWhatBecameOfConnections) {
  const auto hosts = hosts_of(2);
  auto monitor = start_passive_monitor(*hosts, {});
  ASSERT_TRUE(monitor.ok()) << monitor.error().message;
  const sandbox::Fd refused = socket_on(*hosts, kOne, SOCK_STREAM);
  const sockaddr_in name = name_of(*hosts, kTwo);
  EXPECT_NE(connect(refused.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  { const Connection connection = connected(*hosts); }
  std::string seen;
  EXPECT_TRUE(eventually([&] {
    for (const auto& event : monitor.value()->take_events().events) {
      EXPECT_EQ(event.pair, kForth);
      EXPECT_EQ(event.server_port, kPort);
      seen += event.change == monitor::ConnectionChange::Opened    ? "opened "
              : event.change == monitor::ConnectionChange::Refused ? "refused "
              : event.change == monitor::ConnectionChange::Closed  ? "closed "
                                                                   : "other ";
    }
    return seen == "opened refused opened closed ";
  })) << seen;
}

// The audit of the middleman: what comes in from a node is what it relays.
TEST(RaftMonitor, RelaysThePayloadThatTheWireShows) {
  const auto hosts = hosts_of(2);
  auto ring = PacketRing::open();
  ASSERT_TRUE(ring.ok()) << ring.error().message;
  auto relay = monitor::RaftMonitor::start(*hosts, {});
  ASSERT_TRUE(relay.ok()) << relay.error().message;
  {
    const Connection connection = connected(*hosts);
    pass(connection.client, connection.server, 200'000);
    pass(connection.server, connection.client, 50'000);
  }
  LinkCounts seen(2, 0, nullptr);
  // Both sides of the relay have the same addresses, but sequence numbers of their own.
  capture::Reassembler reassembler(seen, {.by_interface = true});
  const auto use = [&](const capture::Packet& packet) {
    const auto found = capture::find_segment(packet);
    if (const auto* segment = std::get_if<capture::Segment>(&found)) reassembler.add(*segment);
  };
  EXPECT_TRUE(eventually([&] {
    while (ring.value()->take(milliseconds(5), use)) {
    }
    const auto relayed = relay.value()->counters();
    return seen.links().contains(kForth) && seen.links().contains(kBack) &&
           seen.links().at(kForth).bytes == relayed.at(kForth).bytes &&
           seen.links().at(kBack).bytes == relayed.at(kBack).bytes &&
           relayed.at(kForth).bytes == 200'000 && relayed.at(kBack).bytes == 50'000;
  }));
  EXPECT_EQ(ring.value()->lost(), 0U);
}

TEST(PacketRing, CountsWhatItLost) {
  const auto hosts = hosts_of(2);
  auto ring = PacketRing::open(2);
  ASSERT_TRUE(ring.ok()) << ring.error().message;
  const Connection connection = connected(*hosts);
  pass(connection.client, connection.server, 8'000'000);  // Nobody takes them.
  EXPECT_GT(ring.value()->lost(), 0U);
}

}  // namespace
}  // namespace check::sniff
