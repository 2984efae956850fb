// SPDX-License-Identifier: Apache-2.0
#include "raft/membership.h"

#include <utility>

#include "base/check.h"
#include "mutant/mutant.h"

namespace raft {

Membership::Membership(std::shared_ptr<const Configuration> start, LogIndex index)
    : quorum_(*start) {
  versions_.push_back({index, std::move(start)});
}

Membership::Membership(Configuration start, LogIndex index)
    : Membership(std::make_shared<const Configuration>(std::move(start)), index) {}

const Configuration& Membership::at(LogIndex index) const {
  CHECK(versions_.front().index <= index, versions_.front().index, index);
  auto found = versions_.begin();
  for (auto next = found; next != versions_.end() && next->index <= index; ++next) found = next;
  return *found->configuration;
}

bool Membership::was_voter_since(LogIndex index, NodeId id) const {
  for (auto version = versions_.rbegin(); version != versions_.rend(); ++version) {
    if (version->configuration->has_voter(id)) return true;
    if (version->index <= index) return false;
  }
  return false;
}

void Membership::append(LogIndex index, Configuration configuration) {
  CHECK(versions_.back().index < index, versions_.back().index, index);
  quorum_ = Quorum(configuration);
  versions_.push_back({index, std::make_shared<const Configuration>(std::move(configuration))});
}

void Membership::truncate_from(LogIndex index) {
  CHECK(versions_.front().index < index, versions_.front().index, index);
  while (versions_.back().index >= index && !MUTANT(TruncatedConfigurationStays)) {
    versions_.pop_back();
  }
  quorum_ = Quorum(current());
}

void Membership::compact_through(LogIndex index) {
  auto in_force = versions_.begin();
  for (auto next = in_force; next != versions_.end() && next->index <= index; ++next) {
    in_force = next;
  }
  versions_.erase(versions_.begin(), in_force);
}

void Membership::check_invariants() const {
  CHECK(!versions_.empty());
  for (std::size_t i = 1; i < versions_.size(); ++i) {
    CHECK(versions_[i - 1].index < versions_[i].index, versions_[i - 1].index, versions_[i].index);
  }
}

}  // namespace raft
