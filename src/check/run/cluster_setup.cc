// SPDX-License-Identifier: Apache-2.0
#include "check/run/cluster_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace check::run {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kReadyLimit{60'000};
constexpr milliseconds kLeaderLimit{60'000};
constexpr milliseconds kPoll{20};
constexpr milliseconds kElectionLimit{60'000};
constexpr milliseconds kWriteTimeout{500};
constexpr std::uint64_t kShortestElectionMs = 10;

base::Error interrupted(const faults::Stop& stop) {
  return {base::ErrorCode::Unavailable, "interrupted during set-up: " + stop.reason()};
}

// What kept the checker from asking is told before what it was not told.
base::Error not_seen(const Cluster& cluster, std::string what) {
  const auto trouble = cluster.config.client_trouble();
  if (trouble) what = trouble->message + "\n" + what;
  return {base::ErrorCode::Timeout, std::move(what)};
}

// Nobody can be asked, and it will not get better.
bool cannot_ask(const Cluster& cluster) {
  const auto trouble = cluster.config.client_trouble();
  return trouble && trouble->code == base::ErrorCode::Timeout;
}

base::Error exited(const Cluster& cluster, history::NodeId node) {
  return {base::ErrorCode::Unavailable,
          fmt::format("node n{} exited before it was ready; its last output:\n{}", node.value,
                      cluster.hosts.last_output(node))};
}

// ready() talks to the node, so it is asked from the clients' host.
bool ready(const Cluster& cluster, history::NodeId node) {
  bool answer = false;
  std::thread asking([&] {
    const base::Status entered = cluster.sandbox.enter_clients_network();
    answer = entered.ok() && cluster.config.ready(node);
  });
  asking.join();
  return answer;
}

// One write on one node, again and again, until it is acknowledged or somebody else's was.
void write_until_done(Cluster& cluster, history::NodeId node, std::atomic<bool>& done) {
  const base::Status entered = cluster.sandbox.enter_clients_network();
  if (!entered.ok()) return;
  const auto client = cluster.config.create_client();
  while (!done && !cluster.stop.requested()) {
    const bool connected = client->connect(node, kWriteTimeout).ok();
    const bool ok = connected && client->write("set-up", "x").outcome == history::Outcome::Ok;
    if (ok) done = true;
    if (!ok && !cluster.stop.wait(milliseconds(5))) break;
  }
  client->close();
}

// Whether a write was acknowledged by one of the other nodes within the limit.
bool await_write(Cluster& cluster, history::NodeId dead) {
  std::atomic<bool> done = false;
  std::vector<std::thread> writers;
  for (std::uint32_t k = 1; k <= cluster.config.nodes(); ++k) {
    if (k == dead.value) continue;
    writers.emplace_back([&, k] { write_until_done(cluster, {k}, done); });
  }
  const bool in_time =
      cluster.stop.wait_until([&] { return done.load(); }, kElectionLimit, milliseconds(2));
  done = true;
  for (std::thread& writer : writers) writer.join();
  return in_time;
}

base::Result<std::uint64_t> measure_one_election(Cluster& cluster) {
  TRY(const history::NodeId leader, await_leader(cluster, kLeaderLimit));
  const auto death = std::chrono::steady_clock::now();
  TRY([[maybe_unused]] auto killed, cluster.config.kill(leader));
  // Those who are left of one or two nodes are no majority: the next leader needs who was killed.
  const bool needed = cluster.config.nodes() < 3;
  if (needed) {
    TRY([[maybe_unused]] auto back, cluster.config.start(leader));
  }
  const bool in_time = await_write(cluster, needed ? history::NodeId{0} : leader);
  const auto took =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - death);
  if (!needed) {
    TRY([[maybe_unused]] auto started, cluster.config.start(leader));
  }
  if (cluster.stop.requested()) return interrupted(cluster.stop);
  if (!in_time) {
    return not_seen(cluster,
                    fmt::format("no write was acknowledged within {} s after the leader n{} was "
                                "killed during set-up",
                                kElectionLimit.count() / 1000, leader.value));
  }
  TRY([[maybe_unused]] auto back, await_ready(cluster, kReadyLimit));
  return static_cast<std::uint64_t>(took.count());
}

}  // namespace

base::Status await_ready(Cluster& cluster, milliseconds limit) {
  std::optional<base::Error> dead;
  std::vector<std::string> missing;
  const auto all_ready = [&] {
    missing.clear();
    for (std::uint32_t k = 1; k <= cluster.config.nodes(); ++k) {
      if (!cluster.hosts.running({k})) {
        dead = exited(cluster, {k});
        return true;
      }
      if (!ready(cluster, {k})) missing.push_back(fmt::format("n{}", k));
    }
    return missing.empty() || cannot_ask(cluster);
  };
  const auto begin = std::chrono::steady_clock::now();
  const bool in_time = cluster.stop.wait_until(all_ready, limit, kPoll);
  if (dead) return *dead;
  if (in_time && missing.empty()) return base::Done{};
  if (cluster.stop.requested()) return interrupted(cluster.stop);
  const auto passed =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin);
  return not_seen(cluster, fmt::format("{} not ready after {} s; the last output of the first:\n{}",
                                       fmt::join(missing, ", "), passed.count(),
                                       cluster.hosts.last_output({static_cast<std::uint32_t>(
                                           std::stoul(missing.front().substr(1)))})));
}

base::Result<history::NodeId> await_leader(Cluster& cluster, milliseconds limit) {
  std::optional<history::NodeId> leader;
  const auto seen = [&] {
    leader = cluster.board.leader();
    return leader.has_value() || cannot_ask(cluster);
  };
  (void)cluster.stop.wait_until(seen, limit, kPoll);
  if (leader) return *leader;
  if (cluster.stop.requested()) return interrupted(cluster.stop);
  return not_seen(cluster,
                  fmt::format("no node states that it leads after {} s", limit.count() / 1000));
}

base::Status start_cluster(Cluster& cluster) {
  for (std::uint32_t k = 1; k <= cluster.config.nodes(); ++k) {
    TRY([[maybe_unused]] auto started, cluster.config.start({k}));
  }
  TRY([[maybe_unused]] auto all, await_ready(cluster, kReadyLimit));
  if (!cluster.config.capabilities().status) return base::Done{};
  TRY([[maybe_unused]] auto leader, await_leader(cluster, kLeaderLimit));
  return base::Done{};
}

base::Result<std::uint64_t> measure_election_timeout(
    Cluster& cluster, const std::function<bool(std::uint64_t)>& suffices) {
  constexpr std::size_t kMostKills = 4;
  std::vector<std::uint64_t> times;
  do {
    TRY(const std::uint64_t took, measure_one_election(cluster));
    times.push_back(std::max(kShortestElectionMs, took));
    std::ranges::sort(times);
  } while (times.size() < 2 || (!suffices(times[1]) && times.size() < kMostKills));
  TRY([[maybe_unused]] auto leader, await_leader(cluster, kLeaderLimit));
  return times[1];
}

}  // namespace check::run
