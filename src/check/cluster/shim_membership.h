// SPDX-License-Identifier: Apache-2.0
// Changes of who belongs to a system and who leads it, by its shim.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "check/cluster/hosts.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/cluster/shim.h"

namespace check::cluster {

class ShimMembership final : public Membership {
 public:
  // `hosts` outlives this object; `shim` starts one.
  ShimMembership(const Hosts& hosts, Command shim) : hosts_(hosts), shim_(std::move(shim)) {}

  base::Status add(NodeId node, std::chrono::milliseconds limit) override;
  base::Status remove(NodeId node, std::chrono::milliseconds limit) override;
  base::Result<std::string> transfer(NodeId to, std::chrono::milliseconds limit) override;

  // Whether the node was added since the cluster began.
  bool joined(NodeId node) const;

 private:
  // Asks one node after the other, until one says that it is done. An error: what was said last.
  base::Result<std::string> ask(ShimFunction function, NodeId member,
                                std::chrono::milliseconds limit) const;

  const Hosts& hosts_;
  Command shim_;
  mutable std::mutex mutex_;
  std::set<NodeId> joined_;  // Guarded by mutex_.
};

}  // namespace check::cluster
