// SPDX-License-Identifier: Apache-2.0
// Kills, pauses and restarts of whole nodes. A node is struck by one of them at a time: the next
// one waits for its turn.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

#include "base/result.h"
#include "check/cluster/hosts.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/history/node_id.h"
#include "check/plan/fault.h"
#include "check/sandbox/sandbox.h"

namespace check::faults {

class ProcessFaults {
 public:
  using Nodes = std::set<history::NodeId>;

  ProcessFaults(sandbox::Sandbox& sandbox, cluster::Hosts& hosts,
                cluster::RaftClusterConfig& config)
      : sandbox_(sandbox), hosts_(hosts), config_(config) {}

  // Waits until no other fault holds one of the nodes, then holds them until released.
  void claim(const Nodes& nodes);
  void release(const Nodes& nodes);

  // Strikes the nodes and returns what was observed. Requires: !strikes_network(kind); claimed.
  base::Result<std::string> begin(plan::FaultKind kind, const Nodes& nodes);
  base::Result<std::string> end(plan::FaultKind kind, const Nodes& nodes);

  // Every node continues and runs, but for those of `but_not`. Requires: no fault holds a node.
  base::Status heal_all(const Nodes& but_not = {});

 private:
  base::Result<std::string> kill(const Nodes& nodes);
  base::Result<std::string> pause(const Nodes& nodes);
  base::Result<std::string> stop(const Nodes& nodes);

  sandbox::Sandbox& sandbox_;
  cluster::Hosts& hosts_;
  cluster::RaftClusterConfig& config_;
  std::mutex mutex_;
  std::condition_variable released_;
  Nodes claimed_;
};

}  // namespace check::faults
