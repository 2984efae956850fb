// SPDX-License-Identifier: Apache-2.0
#include "replica/changes.h"

#include "base/check.h"
#include "mutant/mutant.h"

namespace replica {

void Changes::begin_change(RequestId request, raft::EntryId first) {
  CHECK(!change_, request, change_->request);
  change_ = {request, first};
}

void Changes::begin_transfer(RequestId request, raft::NodeId to, raft::Term term,
                             std::uint64_t patience) {
  CHECK(!transfer_, request, transfer_->request);
  transfer_ = {request, to, term, patience};
}

void Changes::settle(const raft::Node& node, Outlet& outlet) {
  if (change_) {
    const State state = state_of_change(node);
    const RequestId request = change_->request;
    if (state != State::Open) change_.reset();
    answer(request, state, outlet);
  }
  if (transfer_) {
    const State state = state_of_transfer(node);
    const RequestId request = transfer_->request;
    if (state != State::Open) transfer_.reset();
    answer(request, state, outlet);
  }
}

void Changes::answer(RequestId request, State state, Outlet& outlet) {
  if (state == State::Done) outlet.answer(request, replica::Done{});
  if (state == State::Failed) outlet.answer(request, NotDone{NotDone::Reason::Failed});
  if (state == State::Unknown) outlet.answer(request, replica::Unknown{});
}

// It is in force from the append on, and for good when it is committed; what is joint is followed
// by an entry that is not. A leader that is no voter any more steps down at that point.
Changes::State Changes::state_of_change(const raft::Node& node) const {
  const bool same_term = node.term() == change_->first.term;
  const bool in_force =
      node.configuration_index() >= change_->first.index && !node.configuration().is_joint() &&
      (node.commit() >= node.configuration_index() || MUTANT(ChangeIsDoneBeforeItsCommit));
  if (same_term && in_force) return State::Done;
  return same_term && node.role() == raft::Role::Leader ? State::Open : State::Unknown;
}

Changes::State Changes::state_of_transfer(const raft::Node& node) const {
  if (node.storage_failed()) return State::Failed;
  if (node.term() > transfer_->term && node.leader()) {
    const bool succeeded = node.leader() == transfer_->to || MUTANT(AnyLeaderIsTheSuccessor);
    return succeeded ? State::Done : State::Failed;
  }
  if (node.role() != raft::Role::Leader) {
    return transfer_->ticks_left > 0 ? State::Open : State::Unknown;
  }
  return node.successor() == transfer_->to ? State::Open : State::Failed;
}

}  // namespace replica
