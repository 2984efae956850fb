// SPDX-License-Identifier: Apache-2.0
// Majorities, and what they agree on: the one place where votes, stored entries and answers to
// reads are counted. While a configuration is joint, both halves must agree (Raft §6).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "mutant/mutant.h"
#include "raft/configuration.h"
#include "raft/types.h"

namespace raft {

// More than any cluster needs: every additional voter makes it slower.
inline constexpr std::size_t kMaxVoters = 32;

// The greatest value that a majority of `voters` has reached, if `reached(id)` tells for each what
// it has. Not more than a majority's least: half is not enough.
//
// Requires: `voters` has 1..kMaxVoters members and none twice.
template <class Reached>
auto majority_reached(std::span<const NodeId> voters, Reached reached) {
  CHECK(!voters.empty());
  CHECK(voters.size() <= kMaxVoters, voters.size());
  std::array<decltype(reached(voters.front())), kMaxVoters> values{};
  std::ranges::transform(voters, values.begin(), reached);
  const auto end = values.begin() + static_cast<std::ptrdiff_t>(voters.size());
  // Highest first: the voters at 0..middle are a smallest majority, and all have reached at least
  // what the last of them has.
  const std::size_t below = MUTANT(HalfIsAMajority) ? (voters.size() - 1) / 2 : voters.size() / 2;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::ranges::nth_element(values.begin(), middle, end, std::ranges::greater());
  return *middle;
}

// Does `holds(id)` hold for a majority of `voters`?
template <class Holds>
bool is_majority(std::span<const NodeId> voters, Holds holds) {
  return 2 * static_cast<std::size_t>(std::ranges::count_if(voters, holds)) > voters.size();
}

// Whose agreement a configuration asks for. Two quorums of one configuration always have a server
// in common, and so have those of two configurations of which one follows the other by the rules
// of Node (quorum_test.cc goes through all of them).
class Quorum {
 public:
  Quorum() = default;  // Of nobody: nothing can be agreed on.
  explicit Quorum(const Configuration& configuration) : incoming_(configuration.voters.size()) {
    ids_.reserve(configuration.voters.size() + configuration.outgoing.size());
    for (const Member& member : configuration.voters) ids_.push_back(member.id);
    if (MUTANT(LearnersCount)) {
      for (const Member& member : configuration.learners) ids_.push_back(member.id);
      incoming_ = ids_.size();
    }
    for (const Member& member : configuration.outgoing) ids_.push_back(member.id);
  }

  std::span<const NodeId> voters() const { return std::span(ids_).first(incoming_); }
  std::span<const NodeId> outgoing() const { return std::span(ids_).subspan(incoming_); }
  bool empty() const { return incoming_ == 0; }
  // Does `id` vote, in either half?
  bool contains(NodeId id) const { return std::ranges::find(ids_, id) != ids_.end(); }

  // As majority_reached, of both halves. Requires: not empty.
  template <class Reached>
  auto reached(Reached what) const {
    const auto incoming = majority_reached(voters(), what);
    if (outgoing().empty() || MUTANT(JointCommitsByItsNewHalf)) return incoming;
    return std::min(incoming, majority_reached(outgoing(), what));
  }

  // As is_majority, of both halves. Never of nobody.
  template <class Holds>
  bool holds(Holds what) const {
    if (!is_majority(voters(), what)) return false;
    return outgoing().empty() || MUTANT(JointElectsByItsNewHalf) || is_majority(outgoing(), what);
  }

 private:
  std::vector<NodeId> ids_;   // The voters, then the outgoing ones.
  std::size_t incoming_ = 0;  // How many voters.
};

}  // namespace raft
