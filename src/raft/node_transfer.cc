// SPDX-License-Identifier: Apache-2.0
// Leadership given away: thesis §3.10.
#include "mutant/mutant.h"
#include "raft/node.h"

namespace raft {

void Node::on(const TransferLeadership& transfer, Effects& out) {
  Leader* leadership = find_own_leadership();
  using Reason = Refused::Reason;
  if (leadership == nullptr) {
    out.proposed = Refused{Reason::NotLeader};
  } else if (transfer.to == config_->self || !quorum().contains(transfer.to)) {
    out.proposed = Refused{Reason::Invalid};
  } else if (leadership->successor()) {
    out.proposed = Refused{Reason::Transferring};
  } else if (!leadership->is_close(transfer.to, log_, config_->max_promotion_lag)) {
    out.proposed = Refused{Reason::NotCaughtUp};  // It could not win soon.
  } else {
    out.proposed = Accepted{log_.last(), 0};
    leadership->begin_transfer(transfer.to, log_, out);
  }
}

std::optional<NodeId> Node::successor() const {
  const Leader* leadership = find_leadership();
  return leadership == nullptr ? std::nullopt : leadership->successor();
}

// No pre-vote, and voters that hear the leader help all the same (hazard D26): it asked for this.
// One vote a term, all the same (hazard A10).
void Node::on(NodeId from, const TimeoutNow& request, Effects& out) {
  if (request.term != term() || role() != Role::Follower) return;
  if (leader_ && leader_ != from) return;
  if (may_campaign() || MUTANT(AnyoneTakesOver)) become_candidate(true, out);
}

}  // namespace raft
