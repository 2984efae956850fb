// SPDX-License-Identifier: Apache-2.0
#include "kv/index.h"

#include <utility>

#include "base/check.h"

namespace kv {
namespace {

constexpr std::size_t kFirstSlots = 16;

}  // namespace

const Index::Values::iterator* Index::find(const PlaceView& key) const {
  if (slots_.empty()) return nullptr;
  const std::uint64_t mark = mark_of(key.hash);
  for (std::size_t at = home(key.hash); slots_[at].mark != 0; at = next(at)) {
    if (slots_[at].mark == mark && slots_[at].node->first.key == key.key) return &slots_[at].node;
  }
  return nullptr;
}

void Index::prefetch_slot(std::uint64_t hash) const {
  if (!slots_.empty()) __builtin_prefetch(&slots_[home(hash)]);
}

const Index::Values::value_type* Index::prefetch_node(std::uint64_t hash) const {
  if (slots_.empty()) return nullptr;
  for (std::size_t at = home(hash); slots_[at].mark != 0; at = next(at)) {
    if (slots_[at].mark != mark_of(hash)) continue;
    const Values::value_type& node = *slots_[at].node;
    __builtin_prefetch(&node);
    __builtin_prefetch(&node.second);
    return &node;
  }
  return nullptr;
}

void Index::add(Values::iterator node) {
  if (2 * (used_ + 1) > slots_.size()) {
    const std::vector<Slot> old = std::move(slots_);
    slots_ = std::vector<Slot>(old.empty() ? kFirstSlots : 2 * old.size());
    for (const Slot& slot : old) {
      if (slot.mark != 0) put(slot.mark, slot.node);
    }
  }
  put(mark_of(node->first.hash), node);
  ++used_;
}

void Index::put(std::uint64_t mark, Values::iterator node) {
  std::size_t at = home(mark - 1);
  while (slots_[at].mark != 0) at = next(at);
  slots_[at] = {mark, node};
}

// Those behind the hole that would no longer be found move into it.
void Index::remove(Values::iterator node) {
  CHECK(used_ > 0);
  std::size_t hole = home(node->first.hash);
  while (slots_[hole].node != node) hole = next(hole);
  for (std::size_t at = next(hole); slots_[at].mark != 0; at = next(at)) {
    const std::size_t mask = slots_.size() - 1;
    const std::size_t from_home = (at - home(slots_[at].mark - 1)) & mask;
    if (from_home < ((at - hole) & mask)) continue;  // Its home lies behind the hole.
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole].mark = 0;
  --used_;
}

void Index::clear() {
  slots_ = std::vector<Slot>();
  used_ = 0;
}

}  // namespace kv
