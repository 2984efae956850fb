// SPDX-License-Identifier: Apache-2.0
// The ways to exchange the servers' names. The servers are configured alike, and the core compares
// ids but never computes with them, so a renamed state has the renamed futures: states that differ
// only in names are explored once (symmetry reduction; Clarke, Jha, Enders, Filkorn 1996).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "raft/types.h"

namespace explore {

class Renaming {
 public:
  explicit Renaming(std::span<const std::uint32_t> names) : names_(names) {}
  // Requires: `id` is one of n1..nCOUNT.
  raft::NodeId operator()(raft::NodeId id) const { return {names_[id.value - 1]}; }

 private:
  std::span<const std::uint32_t> names_;  // names_[i]: what server i + 1 is called.
};

class Renamings {
 public:
  // All renamings of n1..nNODES, the identity first; that one alone without `symmetry`.
  Renamings(std::uint32_t nodes, bool symmetry);

  std::size_t size() const { return names_.size() / nodes_; }
  Renaming operator[](std::size_t which) const;

 private:
  std::uint32_t nodes_;
  std::vector<std::uint32_t> names_;
};

}  // namespace explore
