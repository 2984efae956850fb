// SPDX-License-Identifier: Apache-2.0
// Who said yes in one round of one election. Each voter counts once, however often it answers.
#pragma once

#include <set>
#include <span>

#include "raft/quorum.h"
#include "raft/types.h"

namespace raft {

class Votes {
 public:
  void grant(NodeId from) { granted_.insert(from); }
  bool granted(NodeId voter) const { return granted_.contains(voter); }
  bool won(std::span<const NodeId> voters) const {
    return is_majority(voters, [this](NodeId voter) { return granted(voter); });
  }

 private:
  std::set<NodeId> granted_;
};

}  // namespace raft
