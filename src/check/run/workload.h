// SPDX-License-Identifier: Apache-2.0
// The clients of a run: threads on the clients' host, each with one operation at a time. A client
// whose operation is unknown goes on as a new process.
//
// The first clients, `stay` of them for each node, stay with their node whatever happens: one keeps
// asking a leader that was cut off. The others ask one node after the other for their reads, and
// for changes go to another node when theirs does not answer.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/prng.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/faults/injector.h"
#include "check/plan/work.h"
#include "check/run/asking.h"
#include "check/run/connections.h"
#include "check/run/history_log.h"
#include "check/sandbox/sandbox.h"

namespace check::run {

// Without the steps that need a capability the system lacks.
plan::Work possible_work(plan::Work work, const cluster::RaftClusterConfig& config);

class Workload : public faults::Clients {
 public:
  struct Counts {
    std::uint64_t ok = 0;
    std::uint64_t fail = 0;
    std::uint64_t info = 0;
  };

  Workload(sandbox::Sandbox& sandbox, cluster::RaftClusterConfig& config, HistoryLog& log,
           const faults::RunClock& clock, const plan::Work& work);
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;
  ~Workload() override;

  // `timeout`: of one operation.
  void start(std::uint64_t seed, std::chrono::milliseconds timeout);
  // Every client ends its operation and its thread.
  void stop();

  bool rest() override;
  void go_on() override;

  Counts counts() const;
  std::uint32_t clients() const { return work_.clients; }
  // When each client's newest ok operation was called; nothing if it has none.
  std::vector<std::optional<history::Moment>> last_served() const;
  // A process id that no client has used. Requires: stopped.
  std::uint64_t next_process() const;
  // What was changed, or read, or would have been; of an unchanged key, too.
  std::vector<std::string> keys() const { return keys_.all(); }
  bool holds_lists() const { return work_.kind == plan::WorkKind::Queue; }

 private:
  struct Client {
    std::thread thread;
    std::uint32_t number = 0;
    std::atomic<std::uint64_t> process = 0;
    std::atomic<std::uint64_t> last_served_ns = 0;  // Plus one; zero: none.
    std::atomic<std::uint64_t> ok = 0;
    std::atomic<std::uint64_t> fail = 0;
    std::atomic<std::uint64_t> info = 0;
  };

  void work(Client& client, base::Prng prng);
  // What a client does next. Farewell: a last change before it rests. Rested: it begins again.
  enum class Turn : std::uint8_t { Work, Farewell, Rested, Stop };
  Turn next_turn(std::uint64_t& parted);
  // Asks and records; false: the answer does not tell anything.
  bool perform(Client& client, Asking& asking, Connections& connections, Call& call);
  void pause();
  void record(Client& client, history::Moment called, const cluster::Answer& answer) const;

  sandbox::Sandbox& sandbox_;
  cluster::RaftClusterConfig& config_;
  HistoryLog& log_;
  const faults::RunClock& clock_;
  plan::Work work_;
  Keys keys_;
  std::chrono::milliseconds timeout_{0};
  std::vector<std::unique_ptr<Client>> clients_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool resting_ = false;
  std::uint64_t rests_ = 0;  // How many rests there were.
  std::size_t waiting_ = 0;  // Clients that rest: nothing of theirs is in flight.
};

}  // namespace check::run
