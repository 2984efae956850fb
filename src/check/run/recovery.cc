// SPDX-License-Identifier: Apache-2.0
#include "check/run/recovery.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

namespace check::run {

namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kLeastBoundMs = 30'000;
constexpr std::uint64_t kBoundElections = 10;
constexpr milliseconds kPoll{20};
constexpr milliseconds kReadTimeout{5000};
constexpr milliseconds kRetry{100};
constexpr int kReadRounds = 5;
constexpr std::uint64_t kLimitOfAKeyMs = 10;
// More than a round can use up.
constexpr std::uint64_t kProcessesOfARound = 1'000'000;

milliseconds as_ms(std::uint64_t count) { return milliseconds(static_cast<std::int64_t>(count)); }

// How much of a bound is left.
class Waiting {
 public:
  explicit Waiting(std::uint64_t bound_ms) : bound_(as_ms(bound_ms)) {}

  milliseconds passed() const {
    const auto since = std::chrono::steady_clock::now() - begin_;
    return std::min(bound_, std::chrono::duration_cast<milliseconds>(since));
  }
  milliseconds left() const { return bound_ - passed(); }
  std::uint64_t passed_ms() const { return static_cast<std::uint64_t>(passed().count()); }

 private:
  milliseconds bound_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

bool all_served_since(const Workload& workload, history::Moment since) {
  return std::ranges::all_of(workload.last_served(),
                             [&](const auto& called) { return called && *called >= since; });
}

// What is to be read.
struct Extent {
  std::vector<std::string> keys;
  bool lists = false;
  milliseconds limit{0};  // Of a round.
};

struct Reader {
  history::NodeId node;
  std::uint64_t process = 0;  // After an operation of unknown outcome: one stride further.
  std::uint64_t stride = 0;
};

// One answer for each key.
using Content = std::vector<history::Value>;

// Reads all keys through one node; nothing if one could not be read before the limit.
std::optional<Content> read_all(Cluster& cluster, HistoryLog& log, Reader reader,
                                const Extent& extent) {
  if (!cluster.sandbox.enter_clients_network().ok()) return std::nullopt;
  Content content(extent.keys.size());
  const auto client = cluster.config.create_client();
  const auto end = std::chrono::steady_clock::now() + extent.limit;
  bool connected = false;
  for (std::size_t k = 0; k < content.size();) {
    if (cluster.stop.requested() || std::chrono::steady_clock::now() >= end) return std::nullopt;
    if (!connected) connected = client->connect(reader.node, kReadTimeout).ok();
    if (connected) {
      const Call call{.process = reader.process,
                      .key = extent.keys[k],
                      .node = reader.node,
                      .final = true,
                      .list = extent.lists};
      log.invoke(call);
      const cluster::Answer answer = client->read(call.key);
      log.complete(call, answer);
      connected = answer.outcome == history::Outcome::Ok;
      if (connected) content[k++] = answer.found;
      if (answer.outcome == history::Outcome::Info) reader.process += reader.stride;
    }
    if (!connected) (void)cluster.stop.wait(kRetry);
  }
  client->close();
  return content;
}

// What each node reads; nodes through which not all could be read are missing.
std::map<std::uint32_t, Content> read_round(Cluster& cluster, HistoryLog& log, const Extent& extent,
                                            std::uint64_t first_process) {
  std::mutex mutex;
  std::map<std::uint32_t, Content> contents;
  std::vector<std::thread> readers;
  const std::uint32_t nodes = cluster.config.nodes();
  for (std::uint32_t k = 1; k <= nodes; ++k) {
    readers.emplace_back([&, k] {
      const auto content = read_all(
          cluster, log, {.node = {k}, .process = first_process + k, .stride = nodes + 1}, extent);
      const std::lock_guard lock(mutex);
      if (content) contents[k] = *content;
    });
  }
  for (std::thread& reader : readers) reader.join();
  return contents;
}

bool all_equal(const std::map<std::uint32_t, Content>& contents) {
  return std::ranges::all_of(
      contents, [&](const auto& entry) { return entry.second == contents.begin()->second; });
}

}  // namespace

std::uint64_t recovery_bound_ms(std::optional<std::uint64_t> election_timeout_ms) {
  return std::max(kLeastBoundMs, kBoundElections * election_timeout_ms.value_or(0));
}

Recovery heal(const Faults& faults, std::uint64_t bound_ms) {
  Recovery recovery;
  recovery.bound_ms = bound_ms;
  base::Status healed = faults.network.heal_all();
  const bool members = faults.members != nullptr;
  if (healed.ok()) {
    healed = faults.processes.heal_all(members ? faults.members->outside()
                                               : faults::MemberFaults::Nodes());
  }
  if (healed.ok() && members) healed = faults.members->heal_all(as_ms(bound_ms));
  if (!healed.ok()) recovery.not_healed = healed.error().message;
  return recovery;
}

bool await_recovery(Cluster& cluster, const Workload& workload, const faults::RunClock& clock,
                    Recovery& recovery) {
  const Waiting waiting(recovery.bound_ms);
  const history::Moment since = clock.now();
  recovery.healed_ns = since.value();
  const base::Status ready = await_ready(cluster, waiting.left());
  if (!ready.ok()) recovery.not_ready = ready.error().message;
  const bool tells = cluster.config.capabilities().status;
  if (tells && await_leader(cluster, waiting.left()).ok()) recovery.leader_ms = waiting.passed_ms();
  const bool all_served = cluster.stop.wait_until([&] { return all_served_since(workload, since); },
                                                  waiting.left(), kPoll);
  // Of a system that does not tell who leads: somebody does, or nobody would have been served.
  if (!tells && all_served) recovery.leader_ms = waiting.passed_ms();
  recovery.complete = !cluster.stop.requested();
  const bool recovered = ready.ok() && recovery.leader_ms && all_served;
  // What was not asked cannot have answered.
  const auto trouble = cluster.config.client_trouble();
  if (trouble && !recovered) recovery.not_asked = trouble->message;
  return recovered;
}

void try_restart(Cluster& cluster, faults::ProcessFaults& processes, const Workload& workload,
                 const faults::RunClock& clock, Recovery& recovery) {
  // A node that exits by itself needs more than a restart; and nothing is judged when interrupted.
  if (cluster.stop.requested() || !cluster.hosts.own_exits().empty()) return;
  if (!recovery.not_asked.empty()) return;  // It would tell nothing.
  faults::ProcessFaults::Nodes running;
  for (std::uint32_t k = 1; k <= cluster.config.nodes(); ++k) {
    if (cluster.hosts.running({k})) running.insert({k});
  }
  const bool killed = processes.begin(plan::FaultKind::Kill, running).ok();
  const Waiting waiting(recovery.bound_ms);
  const history::Moment since = clock.now();
  recovery.freed_by_restart =
      killed && processes.heal_all().ok() && await_ready(cluster, waiting.left()).ok() &&
      cluster.stop.wait_until([&] { return all_served_since(workload, since); }, waiting.left(),
                              kPoll);
  recovery.complete = !cluster.stop.requested();
}

ReadBack::ReadBack(Cluster& cluster, HistoryLog& log, const Workload& workload)
    : cluster_(cluster), log_(log), workload_(workload), process_(workload.next_process()) {}

void ReadBack::make(Recovery& recovery) {
  const std::uint32_t nodes = cluster_.config.nodes();
  Extent extent{.keys = workload_.keys(), .lists = workload_.holds_lists()};
  extent.limit = as_ms(recovery.bound_ms + kLimitOfAKeyMs * extent.keys.size());
  std::map<std::uint32_t, Content> contents;
  // A write of unknown outcome may take effect between two nodes' reads: only nodes that keep
  // reading differently diverge.
  for (int round = 0; round < kReadRounds; ++round) {
    contents = read_round(cluster_, log_, extent, process_);
    process_ += kProcessesOfARound;
    if (contents.size() < nodes || all_equal(contents)) break;
    (void)cluster_.stop.wait(kRetry);
  }
  for (std::uint32_t k = 1; k <= nodes; ++k) {
    const bool known = std::ranges::find(recovery.unread, k) != recovery.unread.end();
    if (!contents.contains(k) && !known) recovery.unread.push_back(k);
  }
  recovery.complete = recovery.complete && !cluster_.stop.requested();
}

}  // namespace check::run
