// SPDX-License-Identifier: Apache-2.0
// Changes that a server could make, and the log that they make: what a Storage is measured by.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "journal/storage.h"

namespace kit {

// A log in memory, with nothing dropped that need not be.
struct Model {
  raft::HardState hard_state;
  raft::EntryId base;
  std::vector<raft::Entry> entries;
  raft::LogIndex dropped;  // drop_through()

  raft::EntryId last() const { return entries.empty() ? base : entries.back().id; }
  raft::EntryId id_at(raft::LogIndex index) const;
  void take(const journal::Change& change);
};

// Why `found` is not what `model` says; empty: it is. What drop_through() allows may be missing.
std::string difference(const Model& model, const journal::Recovered& found);

// Owns the entries of its Change.
struct Step {
  journal::Change change;
  std::vector<raft::Entry> entries;
};

// Draws new terms, votes, appends of all sizes, truncations, installed snapshots, notes of what may
// go: each legal for the log so far.
class Workload {
 public:
  explicit Workload(std::uint64_t seed) : prng_(seed) {}

  const Model& model() const { return model_; }
  // Goes on from what was recovered.
  void restart(const journal::Recovered& found);

  Step next();
  // Now and then, an index for drop_through().
  std::optional<raft::LogIndex> drop();

 private:
  void draw_truncation(journal::Change& change);
  void draw_rebase(journal::Change& change);
  void draw_entries(Step& step, std::uint64_t count);
  raft::Entry entry(raft::LogIndex index);

  base::Prng prng_;
  Model model_;
};

}  // namespace kit
