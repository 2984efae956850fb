// SPDX-License-Identifier: Apache-2.0
// Finds a key of the Store in one or two steps, where its tree would take one for each halving:
// a table of the tree's nodes, by hash, with linear probing (Knuth, TAOCP 6.4, algorithms L and R).
//
//   values (tree, in order)    a   b   c   d
//                              ^-------.   ^
//   table, by hash          [  c . a . d . b  ]
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kv/place.h"

namespace kv {

class Index {
 public:
  using Values = std::map<Place, std::string, InOrder>;

  // The node of `key`, or null. Until the next add() or remove().
  const Values::iterator* find(const PlaceView& key) const;
  // Requires: its key is not there.
  void add(Values::iterator node);
  // Requires: it is there. Before the node goes.
  void remove(Values::iterator node);
  void clear();

  // These load what find() will want of a key with this hash: first where its node is, then, of
  // those that were there already, the node. Nothing comes of it but time.
  void prefetch_slot(std::uint64_t hash) const;
  const Values::value_type* prefetch_node(std::uint64_t hash) const;

 private:
  // The hash is here, too, so that only the node that is looked for is looked at.
  struct Slot {
    std::uint64_t mark = 0;  // 0: free; else the hash, and 1.
    Values::iterator node;
  };
  static std::uint64_t mark_of(std::uint64_t hash) { return hash + 1; }

  std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }
  std::size_t home(std::uint64_t hash) const { return hash & (slots_.size() - 1); }
  void put(std::uint64_t mark, Values::iterator node);

  std::vector<Slot> slots_;  // None, or a power of two, at most half of them used.
  std::size_t used_ = 0;
};

}  // namespace kv
