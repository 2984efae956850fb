// SPDX-License-Identifier: Apache-2.0
// After the faults: does the system come back, and do all its nodes say the same?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "check/faults/member_faults.h"
#include "check/faults/network_faults.h"
#include "check/run/cluster_setup.h"
#include "check/run/history_log.h"
#include "check/run/workload.h"

namespace check::run {

// What was seen of the recovery. Lengths in milliseconds since all faults were healed.
struct Recovery {
  std::uint64_t healed_ns = 0;             // When that was.
  std::string not_healed;                  // Why the faults could not all be ended; else empty.
  std::string not_asked;                   // Why clients could not even ask; else empty.
  std::uint64_t bound_ms = 0;              // What the system was given for each demand.
  std::string not_ready;                   // Which nodes did not come back; else empty.
  std::optional<std::uint64_t> leader_ms;  // When a leader was seen.
  std::vector<std::uint32_t> unread;       // Nodes through which the read-back failed.
  std::vector<std::uint32_t> led;  // Who led while it was made, one after the other; empty: one.
  // Of a system that did not come back: whether it did when all nodes had been restarted.
  std::optional<bool> freed_by_restart;
  bool complete = false;  // All was asked: not interrupted.
};

// 10 election timeouts, and 30 s at least.
std::uint64_t recovery_bound_ms(std::optional<std::uint64_t> election_timeout_ms);

struct Faults {
  faults::NetworkFaults& network;
  faults::ProcessFaults& processes;
  faults::MemberFaults* members = nullptr;  // Null: the system has none.
};

// Ends all faults. Nodes that were removed come back last: that takes a majority.
Recovery heal(const Faults& faults, std::uint64_t bound_ms);

// Then waits for the nodes, a leader, and of every client an operation that it began since the
// faults were healed and that was acknowledged. False: not all came within the bound.
bool await_recovery(Cluster& cluster, const Workload& workload, const faults::RunClock& clock,
                    Recovery& recovery);

// After a false one: kills all nodes, starts them, and waits as long again. What comes now does not
// count as recovery; it tells a system that is stuck for ever from one that a restart frees.
void try_restart(Cluster& cluster, faults::ProcessFaults& processes, const Workload& workload,
                 const faults::RunClock& clock, Recovery& recovery);

// Reads every key through every node, with the history's `final` mark.
class ReadBack {
 public:
  // Requires: the workload's clients have stopped.
  ReadBack(Cluster& cluster, HistoryLog& log, const Workload& workload);

  // May be made again. Adds to Recovery::unread.
  void make(Recovery& recovery);

 private:
  Cluster& cluster_;
  HistoryLog& log_;
  const Workload& workload_;
  std::uint64_t process_;  // None from here on was used.
};

}  // namespace check::run
