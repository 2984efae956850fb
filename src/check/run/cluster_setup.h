// SPDX-License-Identifier: Apache-2.0
// From N empty hosts to a cluster that serves, and how long an election of it takes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/faults/process_faults.h"
#include "check/faults/stop.h"
#include "check/run/sandbox_hosts.h"
#include "check/run/status_board.h"
#include "check/sandbox/sandbox.h"

namespace check::run {

struct Cluster {
  sandbox::Sandbox& sandbox;
  SandboxHosts& hosts;
  cluster::RaftClusterConfig& config;
  StatusBoard& board;
  const faults::Stop& stop;
};

// Starts every node, and waits until each is ready and one leads. The error says which node did not
// come, and shows the end of its output.
base::Status start_cluster(Cluster& cluster);

// Waits until every node is ready. The error names those that are not.
base::Status await_ready(Cluster& cluster, std::chrono::milliseconds limit);

// Waits for a node that states that it leads.
base::Result<history::NodeId> await_leader(Cluster& cluster, std::chrono::milliseconds limit);

// Kills the leader twice; the longer of the two times from its death to the next acknowledged
// write, in milliseconds. Where votes were split, that is more than elections take here: if it does
// not suffice, there are up to two kills more, and the second shortest time counts. All nodes run
// and are ready afterwards. Writes go to a key that no client uses.
base::Result<std::uint64_t> measure_election_timeout(
    Cluster& cluster, const std::function<bool(std::uint64_t)>& suffices);

}  // namespace check::run
