// SPDX-License-Identifier: Apache-2.0
// Who belongs to an etcd cluster, as its members say: ids that etcd computes, of nodes that we
// number.
//
//   remove n2   POST /v3/cluster/member/remove {"ID":"..."}         to any other member
//   add n2      POST /v3/cluster/member/add {"peerURLs":["..."]}    the same; then n2 starts with
//               --initial-cluster-state=existing, and has another id
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "check/cluster/deadline.h"
#include "check/cluster/etcd_json.h"
#include "check/cluster/hosts.h"
#include "check/cluster/raft_cluster_config.h"

namespace check::cluster {

class EtcdMembership final : public Membership {
 public:
  // `hosts` outlives this object.
  explicit EtcdMembership(const Hosts& hosts) : hosts_(hosts) {}

  base::Status add(NodeId node, std::chrono::milliseconds limit) override;
  base::Status remove(NodeId node, std::chrono::milliseconds limit) override;
  base::Result<std::string> transfer(NodeId to, std::chrono::milliseconds limit) override;

  // Which node has this id, or had it; `asked` is a node that knows.
  std::optional<NodeId> node_of(std::uint64_t member, NodeId asked, const Deadline& deadline);

  // Of a node that was added since the cluster began: what --initial-cluster says.
  std::optional<std::string> joined(NodeId node) const;

 private:
  using List = std::vector<etcd_json::Member>;

  // As the node has it, which may be behind.
  base::Result<List> list(NodeId asked, const Deadline& deadline);
  // With every change that the cluster had agreed to when it was asked.
  base::Result<List> present_list(NodeId asked, const Deadline& deadline);
  // What `try_one` says of the first other node of which it says anything but an error.
  template <class TryOne>
  base::Status one_of_the_others(NodeId node, const Deadline& deadline, TryOne try_one);
  base::Result<NodeId> leader(const Deadline& deadline) const;
  std::optional<std::uint64_t> present_id(const List& members, NodeId node) const;
  bool wants(NodeId node) const;
  base::Status join(NodeId node, const List& members);
  std::string peer_url(NodeId node) const;

  const Hosts& hosts_;
  mutable std::mutex mutex_;               // Of what follows.
  std::map<std::uint64_t, NodeId> nodes_;  // By their ids, now and before.
  std::set<std::uint64_t> removed_;        // Ids that are no members any more.
  std::set<NodeId> wanted_;  // To be added, perhaps done, by an answer that is missing.
  std::map<NodeId, std::string> joined_;  // --initial-cluster, of nodes that were added.
};

}  // namespace check::cluster
