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
  // not be seen: only a pair that carried a probe before counts as silenced by it, unless another
  // fault cuts or holds it already. `delay`: of a Delay. Requires: strikes_network(kind); no fault
  // `id` is in force.
  base::Result<std::string> begin(std::uint64_t id, plan::FaultKind kind, const Pairs& pairs,
                                  std::chrono::microseconds delay);
  // A partition for moments that cannot wait: in force when this returns. confirm() then observes
  // it, unless it has been taken away meanwhile. Requires: no fault `id` is in force.
  base::Status impose(std::uint64_t id, const Pairs& pairs);
  base::Result<std::string> confirm(std::uint64_t id);
  // Takes the fault away and returns what was observed: every pair that no other fault strikes
  // carries probes again.
  base::Result<std::string> end(std::uint64_t id);

  // Everything off, whatever was in force.
  base::Status heal_all();

 private:
  using Counts = std::map<history::DirectedPair, std::uint64_t>;
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
  std::chrono::microseconds delay_of(history::DirectedPair pair) const;
  // Of the pairs, those over which nothing passes because of a fault.
  Pairs silenced(const Pairs& pairs) const;
  // An error if one of `pairs` did not carry a probe, and no fault explains that.
  base::Status expect_alive(const Pairs& pairs);

  base::Result<std::string> observe_cut(const Pairs& pairs, std::size_t before);
  base::Result<std::string> observe_hold(const Pairs& pairs, std::size_t before);
  base::Result<std::string> observe_delay(const Pairs& pairs, std::chrono::microseconds delay);
  // How many packets of each pair came to where it is cut.
  base::Result<Counts> counts_before_cut(const Pairs& pairs);
  // How many datagrams of each pair came to the monitor, where it is held or delayed.
  base::Result<Counts> counts_at_monitor(const Pairs& pairs);
  using Count = base::Result<Counts> (NetworkFaults::*)(const Pairs&);
  // Probes until nothing arrives for `silence`.
  base::Status observe_silence(const Pairs& pairs, Count count, std::chrono::milliseconds silence);

  sandbox::Sandbox& sandbox_;
  monitor::RaftMonitor& monitor_;
  LinkProbe& probe_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Active> active_;
};

}  // namespace check::faults
