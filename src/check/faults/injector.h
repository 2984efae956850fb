// SPDX-License-Identifier: Apache-2.0
// Executes the steps of a plan, one lane a thread: waits, strikes, observes, waits, heals,
// observes, and reports each of these as a record. A lane's slow action (a kill that takes its
// time) holds up nothing but its own lane, unless the plan orders faults across lanes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "check/faults/clock_faults.h"
#include "check/faults/disk_faults.h"
#include "check/faults/fault_record.h"
#include "check/faults/member_faults.h"
#include "check/faults/network_faults.h"
#include "check/faults/process_faults.h"
#include "check/faults/run_clock.h"
#include "check/faults/stop.h"
#include "check/faults/sync_faults.h"
#include "check/faults/turns.h"
#include "check/plan/plan.h"

namespace check::faults {

// Brings the clients to rest before a quiet fault, and lets them go on. A second request waits for
// the first to end. False: they were told to go on before all had come to rest.
class Clients {
 public:
  virtual ~Clients() = default;
  virtual bool rest() = 0;
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
  // Null: nothing in the plan needs it, or the machine does not let it be.
  DiskFaults* disks = nullptr;
  SyncFaults* syncs = nullptr;
  ClockFaults* clocks = nullptr;
  MemberFaults* members = nullptr;  // Null: the system has no membership().
  std::string impossible = {};      // What the machine does not let be, and why.
};

class Injector {
 public:
  // `plan` outlives the injector; its lanes have steps. `count` may be asked from any thread.
  Injector(Surroundings surroundings, const plan::Plan& plan, std::uint64_t election_timeout_ms,
           std::function<Counts()> count);

  // Executes the steps of the lane (from 0) until they are done or a stop is requested; what was
  // begun is always ended. Once for each lane, also from several threads.
  void run(std::size_t lane);

 private:
  // What a step means at the moment it strikes.
  struct Struck {
    std::optional<history::NodeId> leader;
    history::NodeId taken;  // For the leader.
    std::set<history::NodeId> nodes;
    std::set<history::DirectedPair> pairs;  // Of a fault of the network.
  };

  // Which step of which lane, both from 0.
  struct Place {
    std::size_t lane = 0;
    std::size_t step = 0;
    bool reached = true;  // The point that it waited for.
  };

  void execute(const Place& place);
  std::optional<history::NodeId> await_leader() const;
  static std::string armed(const Struck& struck, bool reached);
  // Also claims the nodes of a fault that strikes processes.
  Struck claim(const plan::Step& step);
  base::Result<std::string> begin(const FaultRecord& record, const plan::Step& step);
  std::chrono::microseconds delay_of(const plan::Step& step) const;
  base::Result<std::string> end(const FaultRecord& record, const plan::Step& step);
  void report(FaultRecord& record, FaultState state, std::string observed) const;
  void report(FaultRecord& record, FaultState good, const base::Result<std::string>& outcome) const;

  Surroundings around_;
  const plan::Plan& plan_;
  std::uint64_t election_timeout_ms_;
  Turns turns_;
  std::atomic<std::uint64_t> next_id_ = 1;
};

}  // namespace check::faults
