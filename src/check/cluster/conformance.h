// SPDX-License-Identifier: Apache-2.0
// For tests of adapters: what every system and its client must do, whatever the implementation.
#pragma once

#include "check/cluster/local_hosts.h"
#include "check/cluster/raft_cluster_config.h"

namespace check::cluster {

// Starts every node and waits until each is ready. Gives up, with a gtest failure that shows the
// nodes' output, after 15 s.
void start_all(RaftClusterConfig& system, const LocalHosts& hosts);
void await_ready(RaftClusterConfig& system, const LocalHosts& hosts, NodeId node);

// Through every node: keys absent, written, overwritten, swapped and not swapped, with values that
// need quoting. Requires: start_all().
void check_register(RaftClusterConfig& system);

// Exactly one leader, which all nodes believe in, at one term; commits that grow.
void check_status(RaftClusterConfig& system);

// SIGKILL to every node, then start: what was acknowledged is there.
void check_survives_kill(RaftClusterConfig& system, const LocalHosts& hosts);

// Leadership goes where it shall; a member is removed, and comes back as a new one that knows what
// was written meanwhile. Requires: start_all(), three nodes at least.
void check_membership(RaftClusterConfig& system, LocalHosts& hosts);

// A stopped node: a refused connection is Fail for all three operations, and takes no time.
void check_refused(RaftClusterConfig& system, NodeId stopped);

// A node whose processes are frozen by SIGSTOP: Info for changes, in time.
void check_frozen(RaftClusterConfig& system, const LocalHosts& hosts, NodeId node);

}  // namespace check::cluster
