// SPDX-License-Identifier: Apache-2.0
// What the nodes say of themselves, asked again and again in the background.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "check/cluster/raft_cluster_config.h"
#include "check/faults/stop.h"
#include "check/run/node_log.h"
#include "check/sandbox/sandbox.h"

namespace check::run {

class StatusBoard {
 public:
  // Starts one thread a node, on the clients' host. All end when the board is destroyed.
  StatusBoard(sandbox::Sandbox& sandbox, cluster::RaftClusterConfig& config, NodeLog& log);
  ~StatusBoard();
  StatusBoard(const StatusBoard&) = delete;
  StatusBoard& operator=(const StatusBoard&) = delete;

  // The node that states that it leads; of several, the one of the highest term.
  std::optional<history::NodeId> leader() const;

 private:
  void ask(history::NodeId node);

  sandbox::Sandbox& sandbox_;
  cluster::RaftClusterConfig& config_;
  NodeLog& log_;
  faults::Stop ended_;
  mutable std::mutex mutex_;
  std::map<history::NodeId, cluster::NodeStatus> leaders_;  // Those whose last answer says so.
  std::vector<std::thread> threads_;
};

}  // namespace check::run
