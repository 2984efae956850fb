// SPDX-License-Identifier: Apache-2.0
// Carries out a plan's rules: shows every message to the engine, tells the monitor what becomes of
// it, and runs each firing in a thread of its own. What becomes of a message: rule_fate.h; what is
// done to nodes, network and clients: rule_strikes.h.
//
//   monitor --seen()--> rules::Engine --fate--> monitor
//                          |  firing
//                          v
//                   thread: kill, cut, wait, ... --struck()--> engine --> monitor.settle()
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "check/faults/injector.h"
#include "check/faults/rule_strikes.h"
#include "check/monitor/message_watcher.h"
#include "check/monitor/raft_monitor.h"
#include "check/rules/engine.h"

namespace check::faults {

class RuleRunner : public monitor::MessageWatcher {
 public:
  struct Options {
    const std::vector<plan::Rule>& rules;  // Outlive the runner.
    std::uint32_t nodes = 0;
    wire::Protocol protocol = wire::Protocol::Raftkv;
  };

  RuleRunner(Surroundings surroundings, const Options& options);
  RuleRunner(const RuleRunner&) = delete;
  RuleRunner& operator=(const RuleRunner&) = delete;
  ~RuleRunner() override;

  // Arms the rules. `monitor` must outlive stop(). Requires: not called before.
  void start(monitor::RaftMonitor& monitor, std::uint64_t election_timeout_ms);
  // Nothing fires any more; what waits goes on; the threads end; rules that had to fire and did not
  // are reported as failed. The nodes and the network stay as they are: heal them after.
  void stop();

  // Clients that rest for a rule go on: what else waits for them to rest can end.
  void let_clients_go();

  // Every rule that has to fire has, and nothing is under way or will come by time: the rest of the
  // fault phase would only be waiting. False if no rule has to.
  bool done();

  monitor::Fate seen(const wire::Observation& observation, const wire::Frame& frame) override;
  void opaque(history::DirectedPair pair, std::uint64_t connection,
              const std::string& why) override;
  void refused(std::uint64_t id, const std::string& why) override;
  void lost(std::uint64_t ticket) override;

  // What was done to the message that seen() was last asked about: "drop"; empty: nothing.
  const std::string& last_action() const { return last_action_; }

 private:
  monitor::Fate fate_of(const rules::Outcome& outcome, const wire::Observation& observation,
                        const wire::Frame& frame);
  void report_not_done(const rules::Outcome& outcome, const std::string& why);
  void take(const rules::Outcome& outcome, const std::string& what);
  void run_timers();
  void carry_out(const rules::Firing& firing);
  // `done` becomes what was done, also if it ends with an error.
  base::Status carry_out(const rules::Firing& firing, std::string& done);
  base::Result<std::string> carry_out(const rules::Step& step, Unconfirmed& unconfirmed);
  bool wait(std::uint64_t length_ms);
  void report(const rules::Firing& firing, FaultState state, std::string observed);
  void report_unfired();

  // Faults of lanes count from 1.
  static constexpr std::uint64_t kFirstFiring = 1'000'000'000;

  Surroundings around_;
  const Options options_;
  monitor::RaftMonitor* monitor_ = nullptr;
  std::uint64_t election_timeout_ms_ = 0;
  std::unique_ptr<RuleStrikes> strikes_;  // From start() on.

  std::mutex mutex_;
  std::condition_variable changed_;
  rules::Engine engine_;                           // Guarded by mutex_.
  bool running_ = false;                           // Guarded by mutex_.
  std::map<std::uint64_t, std::thread> threads_;   // Guarded by mutex_; by firing.
  std::vector<std::uint64_t> finished_;            // Guarded by mutex_: of these threads_.
  std::map<std::size_t, std::uint64_t> reported_;  // Guarded by mutex_: firings, by rule.
  std::map<std::uint64_t, std::size_t> decided_;   // Guarded by mutex_: last messages, their rule.
  std::thread timers_;
  std::string last_action_;  // Of the monitor's thread.
};

}  // namespace check::faults
