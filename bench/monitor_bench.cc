// SPDX-License-Identifier: Apache-2.0
// What the monitor costs: the same exchange between two hosts routed directly and relayed, taking
// turns in one sandbox (the monitor relays one port only).
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "check/monitor/endpoint.h"
#include "check/monitor/loop.h"
#include "check/monitor/raft_monitor.h"
#include "check/sandbox/fd.h"
#include "check/sandbox/sandbox.h"

namespace {

using check::history::NodeId;
using check::monitor::monotonic_ns;
using check::sandbox::Fd;

constexpr std::uint16_t kDirect = 7001;
constexpr std::uint16_t kMonitored = 7000;
constexpr int kTurns = 6;
constexpr int kRoundTrips = 1500;
constexpr int kConnects = 200;
constexpr std::size_t kMessage = 64;
constexpr std::uint64_t kBulkNs = 500'000'000;

[[noreturn]] void fail(const std::string& why) {
  std::cerr << why << '\n';
  std::exit(3);
}

double microseconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; }

std::uint64_t quantile(std::vector<std::uint64_t> values, std::size_t percent) {
  std::sort(values.begin(), values.end());
  return values.at((values.size() - 1) * percent / 100);
}

Fd socket_on(check::sandbox::Sandbox& hosts, NodeId node) {
  Fd fd;
  const auto made = hosts.in_network_of(node, [&]() -> base::Status {
    fd = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return base::Done{};
  });
  if (!made.ok() || !fd.open()) fail("no socket on a host");
  const int one = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

Fd listen_on(check::sandbox::Sandbox& hosts, NodeId node, std::uint16_t port) {
  Fd fd = socket_on(hosts, node);
  const sockaddr_in name = check::monitor::to_sockaddr({INADDR_ANY, port});
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      listen(fd.get(), 64) != 0) {
    fail("cannot listen");
  }
  return fd;
}

Fd connect_from(check::sandbox::Sandbox& hosts, NodeId node, std::uint16_t port) {
  Fd fd = socket_on(hosts, node);
  const sockaddr_in name = check::monitor::to_sockaddr({0x0a4d0002, port});
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    fail("cannot connect");
  }
  return fd;
}

void exchange(int from, int to, char* buffer) {
  if (send(from, buffer, kMessage, MSG_NOSIGNAL) != static_cast<ssize_t>(kMessage)) fail("send");
  if (recv(to, buffer, kMessage, MSG_WAITALL) != static_cast<ssize_t>(kMessage)) fail("receive");
}

// A connection from host 1 to host 2.
struct Pair {
  Fd client;
  Fd server;
};

Pair connected(check::sandbox::Sandbox& hosts, std::uint16_t port) {
  const Fd listener = listen_on(hosts, NodeId{2}, port);
  Pair pair;
  pair.client = connect_from(hosts, NodeId{1}, port);
  pair.server = Fd(accept(listener.get(), nullptr, nullptr));
  const int one = 1;
  setsockopt(pair.server.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return pair;
}

std::vector<std::uint64_t> round_trips(check::sandbox::Sandbox& hosts, std::uint16_t port) {
  const Pair pair = connected(hosts, port);
  std::thread echo([&] {
    std::array<char, kMessage> buffer{};
    while (recv(pair.server.get(), buffer.data(), kMessage, MSG_WAITALL) > 0) {
      send(pair.server.get(), buffer.data(), kMessage, MSG_NOSIGNAL);
    }
  });
  std::array<char, kMessage> buffer{};
  std::vector<std::uint64_t> times;
  for (int i = 0; i < kRoundTrips; ++i) {
    const std::uint64_t begin = monotonic_ns();
    exchange(pair.client.get(), pair.client.get(), buffer.data());
    times.push_back(monotonic_ns() - begin);
  }
  shutdown(pair.client.get(), SHUT_WR);
  echo.join();
  return times;
}

double gigabits(check::sandbox::Sandbox& hosts, std::uint16_t port) {
  const Pair pair = connected(hosts, port);
  std::uint64_t received = 0;
  const std::uint64_t begin = monotonic_ns();
  std::uint64_t end = begin;
  std::thread receiver([&] {
    std::vector<char> buffer(std::size_t{1} << 20);
    for (;;) {
      const ssize_t size = recv(pair.server.get(), buffer.data(), buffer.size(), 0);
      if (size <= 0) break;
      received += static_cast<std::uint64_t>(size);
    }
    end = monotonic_ns();
  });
  const std::vector<char> bytes(std::size_t{256} << 10, 'x');
  while (monotonic_ns() - begin < kBulkNs) {
    send(pair.client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  shutdown(pair.client.get(), SHUT_WR);
  receiver.join();
  return static_cast<double>(received) * 8 / static_cast<double>(end - begin);
}

std::vector<std::uint64_t> connects(check::sandbox::Sandbox& hosts, std::uint16_t port) {
  const Fd listener = listen_on(hosts, NodeId{2}, port);
  std::vector<std::uint64_t> times;
  for (int i = 0; i < kConnects; ++i) {
    Fd fd = socket_on(hosts, NodeId{1});
    const sockaddr_in name = check::monitor::to_sockaddr({0x0a4d0002, port});
    const std::uint64_t begin = monotonic_ns();
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
      fail("cannot connect");
    }
    times.push_back(monotonic_ns() - begin);
    const Fd accepted(accept(listener.get(), nullptr, nullptr));
  }
  return times;
}

struct Figures {
  std::vector<std::uint64_t> medians_ns;  // Of each turn.
  std::vector<std::uint64_t> worst_ns;    // The 99th percentile of each turn.
  std::vector<double> gigabits;
  std::vector<std::uint64_t> connects_ns;
};

int measure() {
  auto hosts = check::sandbox::Sandbox::create(2);
  if (!hosts.ok()) fail(hosts.error().message);
  auto& sandbox = *hosts.value();
  auto monitor = check::monitor::RaftMonitor::start(sandbox, {.peer_ports = {kMonitored}});
  if (!monitor.ok()) fail(monitor.error().message);
  std::array<Figures, 2> all;  // Direct, monitored.
  for (int turn = 0; turn < kTurns; ++turn) {
    for (std::size_t way = 0; way < all.size(); ++way) {
      const std::uint16_t port = way == 0 ? kDirect : kMonitored;
      const auto times = round_trips(sandbox, port);
      all.at(way).medians_ns.push_back(quantile(times, 50));
      all.at(way).worst_ns.push_back(quantile(times, 99));
      all.at(way).gigabits.push_back(gigabits(sandbox, port));
      all.at(way).connects_ns.push_back(quantile(connects(sandbox, port), 50));
    }
  }
  const auto audit = monitor.value()->audit();
  const auto& direct = all[0];
  const auto& relayed = all[1];
  const double added = microseconds(quantile(relayed.medians_ns, 50)) -
                       microseconds(quantile(direct.medians_ns, 50));
  const auto median = [](std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.at(values.size() / 2);
  };
  const double rate = median(relayed.gigabits);
  fmt::print("{:34} {:>10} {:>10} {:>10}  goal\n", "", "direct", "monitored", "added");
  fmt::print("{:34} {:>10.1f} {:>10.1f} {:>10.1f}  <= 35  {}\n",
             "round trip of 64 bytes, median us", microseconds(quantile(direct.medians_ns, 50)),
             microseconds(quantile(relayed.medians_ns, 50)), added, added <= 35 ? "ok" : "MISSED");
  fmt::print("{:34} {:>10.1f} {:>10.1f}\n", "  99th percentile us",
             microseconds(quantile(direct.worst_ns, 50)),
             microseconds(quantile(relayed.worst_ns, 50)));
  fmt::print("{:34} {:>10.1f} {:>10.1f} {:>10}  >= 10  {}\n", "one stream, Gbit/s",
             median(direct.gigabits), rate, "", rate >= 10 ? "ok" : "MISSED");
  fmt::print("{:34} {:>10.1f} {:>10.1f}\n", "connect, median us",
             microseconds(quantile(direct.connects_ns, 50)),
             microseconds(quantile(relayed.connects_ns, 50)));
  fmt::print("audit: {}: {}\n", audit.complete ? "complete" : "INCOMPLETE", audit.sentence);
  return 0;
}

}  // namespace

int main() {  // NOLINT(bugprone-exception-escape): memory has run out.
  const auto support = check::sandbox::probe();
  if (!support.ok()) fail(support.error().message);
  const auto code = check::sandbox::contain(support.value(), measure);
  if (!code.ok()) fail(code.error().message);
  return code.value();
}
