// SPDX-License-Identifier: Apache-2.0
// A log without its payloads: what the writer has to know of what it wrote.
#pragma once

#include <deque>
#include <vector>

#include "journal/layout.h"
#include "journal/storage.h"

namespace journal {

class Outline {
 public:
  Outline() = default;
  // Of a log that was recovered.
  Outline(const State& state, const std::vector<raft::Entry>& entries);

  const State& state() const { return state_; }

  // Requires: base.index <= index <= last.index.
  raft::Term term_at(raft::LogIndex index) const;

  // CHECKs that the change is a legal one.
  void apply(const Change& change);

 private:
  struct Run {
    raft::LogIndex first;
    raft::Term term;
  };
  void push(raft::EntryId id);
  void rebase(const Rebase& rebase);
  void lift_floor();

  State state_;
  std::deque<Run> runs_;  // Of entries of one term each, rising.
};

}  // namespace journal
