// SPDX-License-Identifier: Apache-2.0
// Executes the steps of a plan, one lane a thread: waits, strikes, observes, waits, heals,
// observes, and reports each of these as a record. A lane's slow action (a kill that takes its
// time) holds up nothing but its own lane.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "check/faults/disk_faults.h"
#include "check/faults/fault_record.h"
#include "check/faults/network_faults.h"
#include "check/faults/process_faults.h"
#include "check/faults/run_clock.h"
#include "check/faults/stop.h"
#include "check/faults/sync_faults.h"
#include "check/plan/plan.h"

namespace check::faults {

// Brings the clients to rest before a quiet fault, and lets them go on. A second request waits for
// the first to end.
class Clients {
 public:
  virtual ~Clients() = default;
  virtual void rest() = 0;
  virtual void go_on() = 0;
};

struct Surroundings {
  const RunClock& clock;
  const Stop& stop;
  NetworkFaults& network;
  ProcessFaults& processes;
  Clients& clients;
  std::function<std::optional<history::NodeId>()> leader;  // As the nodes state it now.
  RecordSink sink;
  DiskFaults* disks = nullptr;  // Null: no step strikes a disk.
  SyncFaults* syncs = nullptr;  // Null: no step strikes a sync.
};

class Injector {
 public:
  Injector(Surroundings surroundings, std::uint64_t election_timeout_ms);

  // Executes the lane's steps until they are done or a stop is requested; what was begun is always
  // ended. May be called from several threads, each with a lane of its own.
  void run(const plan::Lane& lane);

 private:
  // What a step means at the moment it strikes.
  struct Struck {
    std::optional<history::NodeId> leader;
    std::set<history::NodeId> nodes;
    std::set<history::DirectedPair> pairs;  // Of a fault of the network.
  };

  void execute(const plan::Step& step);
  std::optional<history::NodeId> await_leader() const;
  // Also claims the nodes of a fault that strikes processes.
  Struck claim(const plan::Step& step);
  base::Result<std::string> begin(const FaultRecord& record, const plan::Step& step);
  std::chrono::microseconds delay_of(const plan::Step& step) const;
  base::Result<std::string> end(const FaultRecord& record, const plan::Step& step);
  void report(FaultRecord& record, FaultState state, std::string observed) const;
  void report(FaultRecord& record, FaultState good, const base::Result<std::string>& outcome) const;

  Surroundings around_;
  std::uint64_t election_timeout_ms_;
  std::atomic<std::uint64_t> next_id_ = 1;
};

}  // namespace check::faults
