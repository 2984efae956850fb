// SPDX-License-Identifier: Apache-2.0
// Which configuration is in force, and which ones were: the latest in the log counts, committed or
// not; when that is cut off again, the one before it counts again (Raft §6).
//
//   start (snapshot or Config::initial) --- entry 7 --- entry 9
//                                                         ^ current
#pragma once

#include <memory>
#include <vector>

#include "raft/configuration.h"
#include "raft/quorum.h"
#include "raft/types.h"

namespace raft {

class Membership {
 public:
  // `start` is in force at `index` and before the next one that the log has.
  Membership(std::shared_ptr<const Configuration> start, LogIndex index);
  Membership(Configuration start, LogIndex index);

  const Configuration& current() const { return *versions_.back().configuration; }
  const Quorum& quorum() const { return quorum_; }
  // Where it began: the index of its entry, or the start's.
  LogIndex index() const { return versions_.back().index; }
  // Requires: not before the start.
  const Configuration& at(LogIndex index) const;

  // Does `id` vote in the configuration in force at `index`, or in any that came later?
  bool was_voter_since(LogIndex index, NodeId id) const;

  void append(LogIndex index, Configuration configuration);
  // The log has lost `index` and all behind it.
  void truncate_from(LogIndex index);
  // The log begins behind `index` now: what was in force there is the start.
  void compact_through(LogIndex index);

  void check_invariants() const;

 private:
  struct Version {
    LogIndex index;
    // Shared by copies of the server (explore), and perhaps with its Config.
    std::shared_ptr<const Configuration> configuration;
  };

  std::vector<Version> versions_;  // Indices rise; never empty.
  Quorum quorum_;                  // Of the last of them.
};

}  // namespace raft
