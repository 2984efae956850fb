// SPDX-License-Identifier: Apache-2.0
// Partitions, holds and delays, laid over one another: each fault adds its pairs and later takes
// them away, and the network always shows the union of all that are in force.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "base/result.h"
#include "check/faults/link_probe.h"
#include "check/history/node_id.h"
#include "check/monitor/raft_monitor.h"
#include "check/plan/fault.h"
#include "check/sandbox/sandbox.h"

namespace check::faults {

class NetworkFaults {
 public:
  using Pairs = std::set<history::DirectedPair>;

  NetworkFaults(sandbox::Sandbox& sandbox, monitor::RaftMonitor& monitor, LinkProbe& probe)
      : sandbox_(sandbox), monitor_(monitor), probe_(probe) {}

  // Puts the fault `id` in force and returns what was observed of it; an error if its effect could
  // not be seen. `delay`: of a Delay. Requires: strikes_network(kind); no fault `id` is in force.
  base::Result<std::string> begin(std::uint64_t id, plan::FaultKind kind, const Pairs& pairs,
                                  std::chrono::microseconds delay);
  // Takes the fault away and returns what was observed: every pair that no other fault strikes
  // carries probes again.
  base::Result<std::string> end(std::uint64_t id);

  // Everything off, whatever was in force.
  base::Status heal_all();

 private:
  struct Active {
    plan::FaultKind kind;
    Pairs pairs;
    std::chrono::microseconds delay;
  };

  base::Status apply_cut();
  void apply_hold(const Pairs& changed);
  void apply_delay(const Pairs& changed);
  base::Status apply(const Active& changed);
  Pairs struck(plan::FaultKind kind) const;
  base::Result<std::string> observe_silence(const Pairs& pairs, std::string_view how);
  // Probes until none of a round arrives within `silence`.
  base::Result<std::string> observe(const Pairs& pairs, std::chrono::milliseconds silence,
                                    const std::string& what);
  base::Result<std::string> observe_delay(const Pairs& pairs, std::chrono::microseconds delay);

  sandbox::Sandbox& sandbox_;
  monitor::RaftMonitor& monitor_;
  LinkProbe& probe_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Active> active_;
};

}  // namespace check::faults
