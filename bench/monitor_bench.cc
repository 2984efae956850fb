// SPDX-License-Identifier: Apache-2.0
// What the monitor costs: the same exchange between two hosts routed directly, relayed, and relayed
// with every message understood, taking turns in one sandbox (the monitor relays two ports only).
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "check/monitor/endpoint.h"
#include "check/monitor/loop.h"
#include "check/monitor/raft_monitor.h"
#include "check/sandbox/fd.h"
#include "check/sandbox/sandbox.h"
#include "check/wire/raftkv_frame.h"

namespace {

using check::history::NodeId;
using check::monitor::monotonic_ns;
using check::sandbox::Fd;

constexpr std::uint16_t kDirect = 7001;
constexpr std::uint16_t kMonitored = 7000;
constexpr std::uint16_t kUnderstood = 7002;
constexpr int kTurns = 6;
constexpr int kRoundTrips = 1500;
constexpr int kConnects = 200;
constexpr std::uint64_t kBulkNs = 500'000'000;
constexpr std::size_t kEntryBytes = 128;
constexpr std::size_t kBatch = 256;  // Messages sent at once where as many as possible are sent.

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

// A frame of raftkv (docs/formats/peer-protocol.md).
std::string frame_of(check::wire::RaftkvType type, const std::string& body) {
  std::string bytes;
  base::ByteWriter out(bytes);
  out.u64(0);
  out.u8(1);
  out.u8(static_cast<std::uint8_t>(type));
  out.u16(0);
  out.u32(1);
  out.u32(2);
  out.u64(7);
  out.bytes(body);
  base::ByteWriter(bytes).set_u32(0, static_cast<std::uint32_t>(bytes.size() - 8));
  check::wire::raftkv_seal(bytes);
  return bytes;
}

std::string hello() { return frame_of(check::wire::RaftkvType::Hello, "\1"); }

// An AppendEntries with so many entries.
std::string append_of(std::uint32_t entries) {
  std::string body;
  base::ByteWriter out(body);
  for (int i = 0; i < 5; ++i) out.u64(9);
  out.u32(entries);
  for (std::uint32_t i = 0; i < entries; ++i) {
    out.u64(9);
    out.u8(1);
    out.u32(kEntryBytes);
    out.bytes(std::string(kEntryBytes, 'x'));
  }
  return frame_of(check::wire::RaftkvType::AppendEntries, body);
}

void exchange(int fd, std::string& message) {
  const auto size = static_cast<ssize_t>(message.size());
  if (send(fd, message.data(), message.size(), MSG_NOSIGNAL) != size) fail("send");
  if (recv(fd, message.data(), message.size(), MSG_WAITALL) != size) fail("receive");
}

class Nobody final : public check::monitor::MessageWatcher {
 public:
  check::monitor::Fate seen(const check::wire::Observation&, const check::wire::Frame&) override {
    return {};
  }
  void refused(std::uint64_t, const std::string&) override {}
  void lost(std::uint64_t) override {}
  void opaque(check::history::DirectedPair, std::uint64_t, const std::string& why) override {
    if (why.find("raftkv: ") == std::string::npos) std::cerr << why << '\n';
  }
};

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
    std::array<char, 4096> buffer{};
    for (;;) {
      const ssize_t size = recv(pair.server.get(), buffer.data(), buffer.size(), 0);
      if (size <= 0) break;
      send(pair.server.get(), buffer.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
    }
  });
  std::string message = hello();
  exchange(pair.client.get(), message);
  message = append_of(0);
  std::vector<std::uint64_t> times;
  for (int i = 0; i < kRoundTrips; ++i) {
    const std::uint64_t begin = monotonic_ns();
    exchange(pair.client.get(), message);
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

// What the monitor's thread has used of its core.
std::uint64_t monitor_cpu_ns() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::ifstream(task.path() / "comm") >> name;
    std::uint64_t used = 0;
    if (name == "monitor" && std::ifstream(task.path() / "schedstat") >> used) return used;
  }
  fail("no thread of the monitor");
}

struct Rate {
  double per_second = 0;
  double per_core = 0;  // Per second of the monitor's own thread.
};

// Messages with an entry each, as many as go through.
Rate messages_per_second(check::sandbox::Sandbox& hosts, check::monitor::RaftMonitor& monitor) {
  const Pair pair = connected(hosts, kUnderstood);
  const check::history::DirectedPair forth{NodeId{1}, NodeId{2}};
  std::thread receiver([&] {
    std::vector<char> buffer(std::size_t{1} << 20);
    while (recv(pair.server.get(), buffer.data(), buffer.size(), 0) > 0) continue;
  });
  const std::string greeting = hello();
  send(pair.client.get(), greeting.data(), greeting.size(), MSG_NOSIGNAL);
  std::string batch;
  for (std::size_t i = 0; i < kBatch; ++i) batch += append_of(1);
  const std::uint64_t before = monitor.counters()[forth].messages;
  const std::uint64_t cpu = monitor_cpu_ns();
  const std::uint64_t begin = monotonic_ns();
  while (monotonic_ns() - begin < kBulkNs) {
    send(pair.client.get(), batch.data(), batch.size(), MSG_NOSIGNAL);
  }
  shutdown(pair.client.get(), SHUT_WR);
  receiver.join();
  const auto messages = static_cast<double>(monitor.counters()[forth].messages - before);
  return {messages * 1e9 / static_cast<double>(monotonic_ns() - begin),
          messages * 1e9 / static_cast<double>(monitor_cpu_ns() - cpu)};
}

struct Figures {
  std::vector<std::uint64_t> medians_ns;  // Of each turn.
  std::vector<std::uint64_t> worst_ns;    // The 99th percentile of each turn.
  std::vector<double> gigabits;
  std::vector<std::uint64_t> connects_ns;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

const char* met(bool goal) { return goal ? "ok" : "MISSED"; }

void print_round_trips(const std::array<Figures, 3>& all) {
  std::array<double, 3> medians{};
  std::array<double, 3> worst{};
  std::array<double, 3> connect{};
  for (std::size_t way = 0; way < all.size(); ++way) {
    medians.at(way) = microseconds(quantile(all.at(way).medians_ns, 50));
    worst.at(way) = microseconds(quantile(all.at(way).worst_ns, 50));
    connect.at(way) = microseconds(quantile(all.at(way).connects_ns, 50));
  }
  const double relayed = medians[1] - medians[0];
  const double understood = medians[2] - medians[0];
  fmt::print("{:34} {:>10} {:>10} {:>10}\n", "", "direct", "relayed", "understood");
  fmt::print("{:34} {:>10.1f} {:>10.1f} {:>10.1f}\n", "round trip of 72 bytes, median us",
             medians[0], medians[1], medians[2]);
  fmt::print("{:34} {:>10} {:>10.1f} {:>10.1f}  goals <= 35 {}, <= 60 {}\n", "  added", "", relayed,
             understood, met(relayed <= 35), met(understood <= 60));
  fmt::print("{:34} {:>10.1f} {:>10.1f} {:>10.1f}\n", "  99th percentile us", worst[0], worst[1],
             worst[2]);
  fmt::print("{:34} {:>10.1f} {:>10.1f} {:>10}  goal >= 10  {}\n", "one stream, Gbit/s",
             median(all[0].gigabits), median(all[1].gigabits), "",
             met(median(all[1].gigabits) >= 10));
  fmt::print("{:34} {:>10.1f} {:>10.1f} {:>10.1f}\n", "connect, median us", connect[0], connect[1],
             connect[2]);
}

void measure_one(bool act) {
  auto hosts = check::sandbox::Sandbox::create(2);
  if (!hosts.ok()) fail(hosts.error().message);
  auto& sandbox = *hosts.value();
  Nobody nobody;
  auto monitor =
      check::monitor::RaftMonitor::start(sandbox, {.peer_ports = {kMonitored, kUnderstood},
                                                   .protocol = check::wire::Protocol::Raftkv,
                                                   .watcher = &nobody,
                                                   .message_ports = {kUnderstood},
                                                   .act = act});
  if (!monitor.ok()) fail(monitor.error().message);
  constexpr std::array<std::uint16_t, 3> kPorts{kDirect, kMonitored, kUnderstood};
  std::array<Figures, 3> all;
  std::vector<double> rates;
  std::vector<double> core_rates;
  for (int turn = 0; turn < kTurns; ++turn) {
    for (std::size_t way = 0; way < all.size(); ++way) {
      const auto times = round_trips(sandbox, kPorts.at(way));
      all.at(way).medians_ns.push_back(quantile(times, 50));
      all.at(way).worst_ns.push_back(quantile(times, 99));
      if (kPorts.at(way) != kUnderstood) {
        all.at(way).gigabits.push_back(gigabits(sandbox, kPorts.at(way)));
      }
      all.at(way).connects_ns.push_back(quantile(connects(sandbox, kPorts.at(way)), 50));
    }
    const Rate rate = messages_per_second(sandbox, *monitor.value());
    rates.push_back(rate.per_second);
    core_rates.push_back(rate.per_core);
  }
  const auto audit = monitor.value()->audit();
  fmt::print("{}\n", act ? "each message waits for its fate" : "looking on");
  print_round_trips(all);
  fmt::print("{:34} {:>10} {:>10} {:>10.0f}\n", "messages understood a second", "", "",
             median(rates));
  fmt::print("{:34} {:>10} {:>10} {:>10.0f}  goal >= 150000  {}\n", "  a second of its core", "",
             "", median(core_rates), met(median(core_rates) >= 150'000));
  fmt::print("audit: {}: {}\n\n", audit.complete ? "complete" : "INCOMPLETE", audit.sentence);
}

int measure() {
  measure_one(false);
  measure_one(true);
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
