// SPDX-License-Identifier: Apache-2.0
// Programs that end because of what a fault did to them, and are started again as by an operator.
#pragma once

#include "base/result.h"
#include "check/cluster/hosts.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/history/node_id.h"

namespace check::faults {

// Whether the node's program has ended, or does so within half a second.
bool gives_up(const cluster::Hosts& hosts, history::NodeId node);

// For a node that gave up.
base::Status start_again(cluster::RaftClusterConfig& config, history::NodeId node);

}  // namespace check::faults
