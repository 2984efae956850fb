// SPDX-License-Identifier: Apache-2.0
// Who belongs to the cluster: Raft §6, thesis §4.
//
//   ChangeMembership --> entry: target                       at most one voter comes or goes, or
//                    '-> entry: target + outgoing --commit--> entry: target        by both halves
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "mutant/mutant.h"
#include "raft/node.h"

namespace raft {

namespace {

std::size_t count_missing(const std::vector<Member>& members, const std::vector<Member>& from) {
  return static_cast<std::size_t>(std::ranges::count_if(members, [&from](const Member& member) {
    return std::ranges::find(from, member.id, &Member::id) == from.end();
  }));
}

}  // namespace

void Node::on(const ChangeMembership& change, Effects& out) {
  Leader* leadership = find_own_leadership();
  if (leadership == nullptr) {
    out.proposed = Refused{Refused::Reason::NotLeader};
    return;
  }
  if (const std::optional<Refused::Reason> reason = why_not(change, *leadership)) {
    out.proposed = Refused{*reason};
    return;
  }
  const Configuration& now = configuration();
  Configuration next = change.target;
  // Majorities before and after have a server in common if they differ by one voter (thesis §4.1).
  const std::size_t differ =
      count_missing(next.voters, now.voters) + count_missing(now.voters, next.voters);
  if (differ > 1 && !MUTANT(ChangesAllVotersAtOnce)) next.outgoing = now.voters;
  out.proposed = Accepted{{term(), log_.last().index.next()}, 1};
  append_configuration(*leadership, next, out);
}

std::optional<Refused::Reason> Node::why_not(const ChangeMembership& change,
                                             const Leader& lead) const {
  using Reason = Refused::Reason;
  const Configuration& target = change.target;
  if (target.is_joint() || !validate(target).ok()) return Reason::Invalid;
  if (lead.successor()) return Reason::Transferring;
  const bool pending = membership_.index() > log_.commit() || configuration().is_joint();
  if (pending && !MUTANT(ChangesOverlap)) return Reason::ChangePending;
  // A change that a former leader began may still be somewhere, in a log that could win (hazard C1:
  // the correction of July 2015 to thesis §4.1).
  const bool ready = log_.find_id(log_.commit())->term == term();
  if (!ready && !MUTANT(ChangesBeforeItsOwnCommit)) return Reason::NotReady;
  // A voter that has nothing yet may cost the cluster its majority (thesis §4.2.1).
  const bool caught_up = std::ranges::all_of(target.voters, [&](const Member& member) {
    if (std::ranges::find(configuration().voters, member.id, &Member::id) !=
        configuration().voters.end()) {
      return true;
    }
    return configuration().has_learner(member.id) &&
           lead.is_close(member.id, log_, config_->max_promotion_lag);
  });
  if (!caught_up && !MUTANT(NewVotersNeedNoLog)) return Reason::NotCaughtUp;
  return std::nullopt;
}

// Counts from here on, before anybody has agreed to it: whoever is elected with this entry in its
// log counts by it, too (hazards C2, C5).
void Node::append_configuration(Leader& leadership, const Configuration& next, Effects& out) {
  const LogIndex index = log_.last().index.next();
  append({{term(), index},
          EntryKind::Configuration,
          std::make_shared<const std::string>(encode(next))},
         out);
  membership_.append(index, next);
  leadership.reconfigure(membership_, log_);
  leadership.replicate(log_, out);
}

// The commit mark of this leader has moved.
void Node::on_committed(Leader& leadership, Effects& out) {
  if (membership_.index() > log_.commit() && !MUTANT(LeavesJointEarly)) return;
  if (configuration().is_joint()) {
    Configuration next = configuration();
    next.outgoing.clear();
    return append_configuration(leadership, next, out);
  }
  // A leader that is no voter any more has led the change to its end without counting itself
  // (Raft §6). Its successor need not wait for a timeout.
  if (quorum().contains(config_->self) || MUTANT(RemovedLeaderLeadsOn)) return;
  if (const std::optional<NodeId> successor = leadership.find_successor()) {
    out.send_now.push_back({*successor, TimeoutNow{term()}});
  }
  become_follower(term(), out);
}

}  // namespace raft
