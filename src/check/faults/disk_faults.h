// SPDX-License-Identifier: Apache-2.0
// Power cuts, and disks that are full, broken or slow. A node that a disk's trouble made give up is
// started again when the trouble is over, as by an operator.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/result.h"
#include "check/cluster/hosts.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/faultfs/faulty_disk.h"
#include "check/faults/network_faults.h"
#include "check/history/node_id.h"
#include "check/plan/fault.h"
#include "check/sandbox/sandbox.h"

namespace check::faults {

class DiskFaults {
 public:
  using Nodes = std::set<history::NodeId>;
  struct Struck {
    sandbox::Sandbox& sandbox;
    cluster::Hosts& hosts;
    cluster::RaftClusterConfig& config;
    NetworkFaults& network;
    // Whatever the node does, its end from now on is the fault's doing.
    std::function<void(history::NodeId)> excuse;
    // The node, which is dead, has lost what it did not sync.
    std::function<void(history::NodeId)> lost_power;
  };

  // Gives every node such a disk. To be destroyed when no node runs any more.
  // Requires: no node runs yet.
  static base::Result<std::unique_ptr<DiskFaults>> prepare(const Struck& struck);
  ~DiskFaults();
  DiskFaults(const DiskFaults&) = delete;
  DiskFaults& operator=(const DiskFaults&) = delete;

  // Strikes the nodes and returns what was observed. `delay`: of a SlowDisk.
  // Requires: strikes_disk(kind); the nodes are claimed (ProcessFaults), and not struck already.
  base::Result<std::string> begin(plan::FaultKind kind, const Nodes& nodes,
                                  std::chrono::microseconds delay);
  // The same in two parts, for moments that cannot wait: in force when strike() returns. It may
  // also strike what is left of a node that has ended.
  base::Result<std::string> strike(plan::FaultKind kind, const Nodes& nodes,
                                   std::chrono::microseconds delay);
  base::Result<std::string> confirm(plan::FaultKind kind, const Nodes& nodes);
  base::Result<std::string> end(plan::FaultKind kind, const Nodes& nodes);

  // No disk is troubled any more.
  void heal_all();

 private:
  explicit DiskFaults(const Struck& struck) : struck_(struck) {}

  base::Result<std::string> cut_power(faultfs::Cut cut, const Nodes& nodes);
  base::Result<std::string> confirm_silence(const Nodes& nodes);
  base::Result<std::string> power_up(const Nodes& nodes);
  void trouble(plan::FaultKind kind, const Nodes& nodes, const faultfs::Trouble& trouble);
  base::Result<std::string> confirm_trouble(plan::FaultKind kind, const Nodes& nodes);
  base::Status observe(history::NodeId node, const faultfs::Trouble& trouble);
  base::Result<std::string> relieve(plan::FaultKind kind, const Nodes& nodes);

  const Struck struck_;
  std::map<history::NodeId, std::unique_ptr<faultfs::FaultyDisk>> disks_;
  // What a node's disk is troubled by, and what it had suffered when that began.
  struct Troubled {
    faultfs::Trouble trouble;
    faultfs::Suffered before;
    bool seen = false;  // Which was one operation more.
  };

  // Of the network's faults; those of lanes and rules are smaller.
  static constexpr std::uint64_t kFirstCut = 3'000'000'000;

  std::mutex mutex_;  // Of what follows.
  std::map<history::NodeId, Troubled> troubled_;
  std::map<history::NodeId, std::uint64_t> cut_off_;  // Without power: its fault of the network.
  std::uint64_t next_cut_ = kFirstCut;
};

}  // namespace check::faults
