// SPDX-License-Identifier: Apache-2.0
#include "explore/id_table.h"

#include <utility>

#include "base/check.h"

namespace explore {

namespace {
constexpr std::size_t kFirstSlots = 1024;
}  // namespace

IdTable::IdTable() : slots_(kFirstSlots) {}

const std::uint32_t* IdTable::find(std::uint64_t key) const {
  const std::uint64_t mask = slots_.size() - 1;
  for (std::uint64_t at = key & mask; slots_[at].id != kFree; at = (at + 1) & mask) {
    if (slots_[at].key == key) return &slots_[at].id;
  }
  return nullptr;
}

void IdTable::add(std::uint64_t key, std::uint32_t id) {
  CHECK(id != kFree);
  if (2 * (used_ + 1) > slots_.size()) {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    for (const Slot& slot : old) {
      if (slot.id != kFree) place(slot.key, slot.id);
    }
  }
  place(key, id);
  used_ += 1;
}

void IdTable::place(std::uint64_t key, std::uint32_t id) {
  const std::uint64_t mask = slots_.size() - 1;
  std::uint64_t at = key & mask;
  while (slots_[at].id != kFree) {
    CHECK(slots_[at].key != key, key);
    at = (at + 1) & mask;
  }
  slots_[at] = {key, id};
}

}  // namespace explore
