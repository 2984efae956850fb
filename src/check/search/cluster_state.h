// SPDX-License-Identifier: Apache-2.0
// The state of a cluster as its messages show it, with all numbers taken away: roles, how terms and
// logs lie to one another, what is not committed, what is under way. Two clusters that differ only
// in the names of nodes, or in how large their numbers are, are in the same state.
//
//   L= 0 -   F= 0 -   F= ~ a!    a leader; two followers, of which one has not been heard of for a
//                                while, is behind, and has an append of an older term under way
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "check/history/node_id.h"
#include "check/rules/roles.h"
#include "check/search/log_outline.h"
#include "check/wire/observation.h"

namespace check::search {

using StateHash = std::uint64_t;

class ClusterState {
 public:
  // Who may take part: nodes 1 to `nodes`.
  explicit ClusterState(std::uint32_t nodes);

  // Messages of more than one Raft on a connection: only the first group counts.
  void observe(const wire::Observation& seen);

  // One word a node, sorted: the state. docs/search.md says what its letters mean.
  std::string text() const;
  StateHash hash() const { return wire::hash_of(text()); }

  rules::Role role(history::NodeId node) const { return roles_.role(node); }

 private:
  // Asked and not answered, by one node of another.
  struct Asked {
    bool vote = false;
    bool append = false;
    bool snapshot = false;
    bool other = false;
    std::uint64_t term = 0;
  };
  struct Node {
    std::uint64_t term = 0;
    LogOutline log;
    std::uint64_t commit = 0;   // As it said, or as it was told.
    std::uint32_t unheard = 0;  // Messages to it since the last from it.
  };

  void learn_log(Node& from, Node& to, const wire::Message& message);
  void learn_flights(history::DirectedPair pair, const wire::Message& message);
  std::string word(history::NodeId id, const Node& node) const;
  char term_letter(const Node& node) const;
  char log_letter(const Node& node) const;
  char commit_letter(const Node& node) const;
  std::string flight_letters(history::NodeId id) const;
  const Node& newest() const;

  std::map<history::NodeId, Node> nodes_;
  std::map<history::DirectedPair, Asked> asked_;
  rules::Roles roles_;
  std::string group_;
  bool group_known_ = false;
  std::uint64_t newest_term_ = 0;
};

}  // namespace check::search
