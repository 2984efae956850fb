// SPDX-License-Identifier: Apache-2.0
// What the monitor costs a real cluster: two etcd clusters of three nodes on the same three hosts,
// the peers of one routed directly, those of the other relayed, or relayed with every message
// waiting for its fate; 16 clients put to them in turns.
// Data lies in memory (/dev/shm), so that the disk does not hide the cost.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "check/monitor/raft_monitor.h"
#include "check/sandbox/fd.h"
#include "check/sandbox/sandbox.h"

namespace {

using check::history::NodeId;
using check::sandbox::Fd;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kNodes = 3;
constexpr int kClients = 16;
constexpr int kTurns = 7;
constexpr std::chrono::milliseconds kTurn(800);
constexpr std::chrono::seconds kStartUp(60);

[[noreturn]] void fail(const std::string& why) {
  std::cerr << why << '\n';
  std::exit(3);
}

struct Ports {
  std::uint16_t client = 0;
  std::uint16_t peer = 0;
};
constexpr Ports kFirst{2379, 2380};
constexpr Ports kSecond{12379, 12380};

// An HTTP connection to one etcd server.
class Server {
 public:
  Server(const std::string& address, std::uint16_t port)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int one = 1;
    setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const timeval patience{5, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    inet_pton(AF_INET, address.c_str(), &name.sin_addr);
    connected_ = connect(fd_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
  }

  // The answer's body; nothing if there was none, or it was no success.
  std::optional<std::string> post(const std::string& path, const std::string& body) {
    const std::string request = fmt::format(
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
        "{}\r\n\r\n{}",
        path, body.size(), body);
    if (!connected_ || send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
      return std::nullopt;
    }
    std::string answer;
    std::array<char, 8192> buffer{};
    for (;;) {
      const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (size <= 0) return std::nullopt;
      answer.append(buffer.data(), static_cast<std::size_t>(size));
      const auto head = answer.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      constexpr std::string_view kLength = "Content-Length: ";
      const auto length = answer.find(kLength);
      if (length == std::string::npos) return std::nullopt;
      const auto bytes = std::strtoull(&answer[length + kLength.size()], nullptr, 10);
      if (answer.size() < head + 4 + bytes) continue;
      if (answer.compare(9, 3, "200") != 0) return std::nullopt;
      return answer.substr(head + 4);
    }
  }

 private:
  Fd fd_;
  bool connected_ = false;
};

std::string field(const std::string& json, const std::string& name) {
  const auto at = json.find('"' + name + "\":\"");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 4;
  return json.substr(begin, json.find('"', begin) - begin);
}

class Cluster {
 public:
  Cluster(check::sandbox::Sandbox& hosts, const Ports& ports, const std::string& directory)
      : hosts_(hosts), ports_(ports) {
    std::string members;
    for (std::uint32_t node = 1; node <= kNodes; ++node) {
      members +=
          fmt::format("{}n{}={}", members.empty() ? "" : ",", node, url(NodeId{node}, ports.peer));
    }
    for (std::uint32_t node = 1; node <= kNodes; ++node) {
      const std::string peer = url(NodeId{node}, ports.peer);
      const std::string client = url(NodeId{node}, ports.client);
      check::sandbox::Program program;
      program.words = {"etcd",
                       "--name",
                       fmt::format("n{}", node),
                       "--data-dir",
                       fmt::format("{}/{}-{}", directory, ports.peer, node),
                       "--initial-advertise-peer-urls",
                       peer,
                       "--listen-peer-urls",
                       peer,
                       "--listen-client-urls",
                       client,
                       "--advertise-client-urls",
                       client,
                       "--initial-cluster",
                       members,
                       "--initial-cluster-token",
                       std::to_string(ports.peer)};
      program.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/"};
      auto started = hosts.start(NodeId{node}, program);
      if (!started.ok()) fail(started.error().message);
      servers_.push_back(std::move(started).value());
    }
  }

  const Ports& ports() const { return ports_; }

  // Waits until there is a leader. Requires: the thread is in the clients' network.
  NodeId leader() {
    const auto end = Clock::now() + kStartUp;
    while (Clock::now() < end) {
      for (std::uint32_t node = 1; node <= kNodes; ++node) {
        Server server(hosts_.address(NodeId{node}), ports_.client);
        const auto status = server.post("/v3/maintenance/status", "{}");
        if (status && !field(*status, "leader").empty() &&
            field(*status, "leader") == field(*status, "member_id")) {
          return NodeId{node};
        }
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    fail("etcd has no leader after a minute");
  }

  // Operations per second of 16 clients, 128-byte values, at the leader.
  double put_for_a_turn() {
    const std::string address = hosts_.address(leader());
    std::atomic<int> done = 0;
    std::vector<std::thread> clients;
    clients.reserve(kClients);
    const auto begin = Clock::now();
    for (int client = 0; client < kClients; ++client) {
      clients.emplace_back([&, client] {
        Server server(address, ports_.client);
        const std::string body =
            fmt::format(R"({{"key":"a2V5{}","value":"{}"}})",
                        std::string(4, static_cast<char>('A' + client)), std::string(172, 'A'));
        while (Clock::now() - begin < kTurn) {
          if (!server.post("/v3/kv/put", body)) fail("a put failed");
          ++done;
        }
      });
    }
    for (std::thread& client : clients) client.join();
    return done / std::chrono::duration<double>(Clock::now() - begin).count();
  }

 private:
  std::string url(NodeId node, std::uint16_t port) const {
    return fmt::format("http://{}:{}", hosts_.address(node), port);
  }

  check::sandbox::Sandbox& hosts_;
  const Ports ports_;
  std::vector<std::unique_ptr<check::sandbox::Process>> servers_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

class Nobody final : public check::monitor::MessageWatcher {
 public:
  check::monitor::Fate seen(const check::wire::Observation&, const check::wire::Frame&) override {
    return {};
  }
  void refused(std::uint64_t, const std::string&) override {}
  void lost(std::uint64_t) override {}
  void opaque(check::history::DirectedPair, std::uint64_t, const std::string& why) override {
    std::cerr << why << '\n';
  }
};

// Direct, and monitored with these options, in puts a second.
struct Rates {
  double direct = 0;
  double monitored = 0;
  double share() const { return 100 * monitored / direct; }
};

Rates compare(check::sandbox::Sandbox& sandbox, std::array<Cluster, 2>& clusters,
              check::monitor::Options options) {
  double direct = 0;
  double relayed = 0;
  // Each cluster is the relayed one once: no two are equally fast.
  for (std::size_t chosen = 0; chosen < clusters.size(); ++chosen) {
    const std::uint16_t port = clusters.at(chosen).ports().peer;
    const auto back = sandbox.enter_switch_network();
    options.peer_ports = {port};
    auto monitor = check::monitor::RaftMonitor::start(sandbox, options);
    if (!monitor.ok()) fail(monitor.error().message);
    const auto there = sandbox.enter_clients_network();
    if (!back.ok() || !there.ok()) fail("the networks cannot be entered");
    std::array<std::vector<double>, 2> rates;
    for (int turn = -1; turn < kTurns; ++turn) {  // The first one warms up.
      for (std::size_t i = 0; i < clusters.size(); ++i) {
        const double rate = clusters.at(i).put_for_a_turn();
        if (turn >= 0) rates.at(i).push_back(rate);
      }
    }
    relayed += median(rates.at(chosen));
    direct += median(rates.at(1 - chosen));
    const auto audit = monitor.value()->audit();
    fmt::print("audit: {}: {}\n", audit.complete ? "complete" : "INCOMPLETE", audit.sentence);
  }
  return {direct / 2, relayed / 2};
}

void print(const std::string& how, const Rates& rates, double goal) {
  fmt::print(
      "etcd, 3 nodes, 16 clients, puts a second: direct {:.0f}, {} {:.0f}: {:.0f} %  "
      "goal >= {} %  {}\n",
      rates.direct, how, rates.monitored, rates.share(), goal,
      rates.share() >= goal ? "ok" : "MISSED");
}

int measure(const std::string& directory) {
  auto hosts = check::sandbox::Sandbox::create(kNodes);
  if (!hosts.ok()) fail(hosts.error().message);
  auto& sandbox = *hosts.value();
  std::array clusters{Cluster(sandbox, kFirst, directory), Cluster(sandbox, kSecond, directory)};
  print("relayed", compare(sandbox, clusters, {}), 80);
  Nobody nobody;
  print("understood",
        compare(sandbox, clusters,
                {.protocol = check::wire::Protocol::Etcd, .watcher = &nobody, .act = true}),
        75);
  return 0;
}

}  // namespace

int main() {  // NOLINT(bugprone-exception-escape): memory has run out.
  std::string directory = "/dev/shm/etcd_bench.XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) fail("cannot make a directory in /dev/shm");
  const auto support = check::sandbox::probe();
  if (!support.ok()) fail(support.error().message);
  const auto code =
      check::sandbox::contain(support.value(), [&directory] { return measure(directory); });
  std::filesystem::remove_all(directory);
  if (!code.ok()) fail(code.error().message);
  return code.value();
}
