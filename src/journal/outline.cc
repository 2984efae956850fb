// SPDX-License-Identifier: Apache-2.0
#include "journal/outline.h"

#include <algorithm>

#include "base/check.h"

namespace journal {

Outline::Outline(const State& state, const std::vector<raft::Entry>& entries) : state_(state) {
  state_.last = state_.base;
  for (const raft::Entry& entry : entries) push(entry.id);
  state_.floor = state.floor;
}

// Once the log has been up to date enough, it is: the leader that made it so has all that counts.
void Outline::lift_floor() {
  if (state_.last >= state_.floor) state_.floor = {};
}

raft::Term Outline::term_at(raft::LogIndex index) const {
  CHECK(index >= state_.base.index && index <= state_.last.index, index, state_.last.index);
  if (index == state_.base.index) return state_.base.term;
  const auto behind =
      std::upper_bound(runs_.begin(), runs_.end(), index,
                       [](raft::LogIndex wanted, const Run& run) { return wanted < run.first; });
  CHECK(behind != runs_.begin(), index);
  return (behind - 1)->term;
}

void Outline::push(raft::EntryId id) {
  CHECK(id.index == state_.last.index.next(), id.index, state_.last.index);
  if (runs_.empty() || runs_.back().term != id.term) runs_.push_back({id.index, id.term});
  state_.last = id;
  lift_floor();
}

void Outline::rebase(const Rebase& rebase) {
  if (!rebase.keeps_rest) {
    runs_.clear();
    state_.base = rebase.last;
    state_.last = rebase.last;
    return;
  }
  if (rebase.last.index <= state_.base.index) return;
  CHECK(term_at(rebase.last.index) == rebase.last.term, rebase.last.index);
  state_.base = rebase.last;
  while (runs_.size() > 1 && runs_[1].first <= state_.base.index.next()) runs_.pop_front();
  if (state_.base.index == state_.last.index) runs_.clear();
}

void Outline::apply(const Change& change) {
  if (change.save) state_.hard_state = *change.save;
  if (change.rebase) rebase(*change.rebase);
  if (change.floor) state_.floor = *change.floor;
  lift_floor();
  if (change.truncate_from) {
    const raft::LogIndex from = *change.truncate_from;
    CHECK(from > state_.base.index && from <= state_.last.index.next(), from, state_.last.index);
    const raft::LogIndex end(from.value() - 1);
    state_.last = {term_at(end), end};
    while (!runs_.empty() && runs_.back().first >= from) runs_.pop_back();
  }
  for (const raft::Entry& entry : change.append) push(entry.id);
}

}  // namespace journal
