// SPDX-License-Identifier: Apache-2.0
// Changes of who belongs to the cluster and who leads it, by the system's own means, as an operator
// would make them. A node that was removed comes back as a new member, with an empty disk.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "base/result.h"
#include "check/cluster/hosts.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/faults/stop.h"
#include "check/history/node_id.h"
#include "check/sandbox/sandbox.h"

namespace check::faults {

class MemberFaults {
 public:
  using Nodes = std::set<history::NodeId>;

  // `excuse`: the node's program may end by itself from now on; called before that. Requires: the
  // system has a membership().
  struct World {
    sandbox::Sandbox& sandbox;
    cluster::Hosts& hosts;
    cluster::RaftClusterConfig& config;
    std::function<void(history::NodeId)> excuse;
    const Stop& stop;  // Once it is requested nobody is asked any more.
  };
  explicit MemberFaults(World world) : world_(std::move(world)) {}

  // All return what was observed. A transfer that the system refuses, or that fails, was made.
  base::Result<std::string> transfer(history::NodeId to);
  base::Result<std::string> remove(const Nodes& nodes);
  // Kills what still runs there, empties the disks, adds the nodes and starts them.
  base::Result<std::string> add(const Nodes& nodes);

  // That were removed, or may have been, and not added again.
  Nodes outside() const;
  // Adds those again. Each is tried for as long as `limit`.
  base::Status heal_all(std::chrono::milliseconds limit);

 private:
  base::Status remove(history::NodeId node, std::chrono::milliseconds limit);
  base::Status add(history::NodeId node, std::chrono::milliseconds limit);
  // In the clients' network, in a thread of its own.
  template <class Call>
  auto in_clients_network(Call call);
  // The same again and again, with a time that the call may take, until it is done.
  template <class Call>
  base::Status ask(std::chrono::milliseconds limit, Call call);

  World world_;
  mutable std::mutex mutex_;
  Nodes outside_;  // Guarded by mutex_: members no more, or perhaps no more,
  Nodes unsure_;   // Guarded by mutex_: these.
};

}  // namespace check::faults
