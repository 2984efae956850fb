// SPDX-License-Identifier: Apache-2.0
// Nodes whose wall clock is wrong: it jumped, or runs too fast or too slow. What is observed is
// that the node's program has that clock, by its own memory; how often it asked is told at the end.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "base/result.h"
#include "check/clock/clocks.h"
#include "check/cluster/hosts.h"
#include "check/history/node_id.h"
#include "check/plan/fault.h"

namespace check::faults {

class ClockFaults {
 public:
  using Nodes = std::set<history::NodeId>;

  // The nodes' programs are attached to the clocks.
  ClockFaults(clock::Clocks& clocks, cluster::Hosts& hosts) : clocks_(clocks), hosts_(hosts) {}

  // A fault of a lane of that length. Requires: strikes_clock(kind); the nodes are claimed
  // (ProcessFaults), here and below.
  base::Result<std::string> begin(plan::FaultKind kind, const Nodes& nodes,
                                  std::chrono::milliseconds length);
  base::Result<std::string> jump(const Nodes& nodes, std::chrono::nanoseconds by);
  // Gains so many thousandths, or loses them.
  base::Result<std::string> drift(const Nodes& nodes, std::int64_t thousandths);
  // Sets them right.
  base::Result<std::string> end(const Nodes& nodes);

  void heal_all();

 private:
  base::Result<std::string> observe(const Nodes& nodes);

  clock::Clocks& clocks_;
  cluster::Hosts& hosts_;
  std::mutex mutex_;  // Of what follows.
  std::map<history::NodeId, std::uint64_t>
      read_;  // How often, when the node's clock was set wrong.
};

}  // namespace check::faults
