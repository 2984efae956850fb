// SPDX-License-Identifier: Apache-2.0
// Who belongs to a raftkv cluster and who leads it, changed by its commands for operators, which
// only the leader carries out:
//
//   remove n2     GET, then RAFT REMOVE 2
//   add n2        GET, then RAFT ADD 2 10.77.0.2:7000    a learner; n2 starts with --join yes
//   admit n2      RAFT PROMOTE 2                         refused until it has caught up
//   transfer n2   RAFT TRANSFER 2
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "check/cluster/deadline.h"
#include "check/cluster/hosts.h"
#include "check/cluster/raft_cluster_config.h"

namespace check::cluster {

class RaftkvMembership final : public Membership {
 public:
  // `hosts` outlives this object.
  explicit RaftkvMembership(const Hosts& hosts) : hosts_(hosts) {}

  base::Status add(NodeId node, std::chrono::milliseconds limit) override;
  base::Status admit(NodeId node, std::chrono::milliseconds limit) override;
  base::Status remove(NodeId node, std::chrono::milliseconds limit) override;
  base::Result<std::string> transfer(NodeId to, std::chrono::milliseconds limit) override;

  // Whether the node was added since the cluster began.
  bool joined(NodeId node) const;

 private:
  using Words = std::span<const std::string_view>;

  // Ok: a node that runs has done it, or found that it was so: answered with the error `already`.
  // Nodes are asked in turn, again and again, as only the one that leads does it.
  base::Status ask(Words words, std::string_view already, const Deadline& deadline);
  base::Status ask(NodeId asked, Words words, std::string_view already,
                   const Deadline& deadline) const;
  base::Result<NodeId> leader(const Deadline& deadline) const;

  const Hosts& hosts_;
  mutable std::mutex mutex_;  // Of what follows.
  std::set<NodeId> removed_;  // And not added since.
  std::set<NodeId> joined_;
};

}  // namespace check::cluster
