// SPDX-License-Identifier: Apache-2.0
// Faults in a node's next sync of a file in its data directory: killed in it, killed after it, or
// told that it failed.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "check/cluster/hosts.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/history/node_id.h"
#include "check/plan/fault.h"
#include "check/trap/supervisor.h"

namespace check::faults {

class SyncFaults {
 public:
  using Nodes = std::set<history::NodeId>;

  // The nodes run under the supervisor. `excuse`: as DiskFaults.
  SyncFaults(trap::Supervisor& supervisor, cluster::Hosts& hosts,
             cluster::RaftClusterConfig& config, std::function<void(history::NodeId)> excuse)
      : supervisor_(supervisor), hosts_(hosts), config_(config), excuse_(std::move(excuse)) {}

  // Waits until each of the nodes was struck, and returns what was observed; an error if one makes
  // no sync for five seconds. Requires: strikes_sync(kind); claimed (ProcessFaults).
  base::Result<std::string> begin(plan::FaultKind kind, const Nodes& nodes);
  // The same in two parts, for moments that cannot wait: the nodes' next syncs, from when arm()
  // returns on, are struck; await() says what became of it.
  class Armed;
  base::Result<std::shared_ptr<Armed>> arm(plan::FaultKind kind, const Nodes& nodes);
  base::Result<std::string> await(Armed& armed);
  base::Result<std::string> end(plan::FaultKind kind, const Nodes& nodes);

 private:
  trap::Supervisor& supervisor_;
  cluster::Hosts& hosts_;
  cluster::RaftClusterConfig& config_;
  const std::function<void(history::NodeId)> excuse_;
};

}  // namespace check::faults
