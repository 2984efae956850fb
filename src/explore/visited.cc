// SPDX-License-Identifier: Apache-2.0
#include "explore/visited.h"

#include <algorithm>

#include "base/check.h"

namespace explore {

Visited::Visited(std::uint64_t capacity)
    : capacity_(std::max<std::uint64_t>(capacity, 1)),
      slot_count_(static_cast<std::size_t>(capacity_ + capacity_ / 4 + 1)),
      // NOLINTNEXTLINE: new[] would write to all of it.
      slots_(static_cast<std::uint64_t*>(std::calloc(slot_count_, sizeof(std::uint64_t)))) {
  CHECK(slots_ != nullptr, slot_count_);
  parents_.reserve(static_cast<std::size_t>(capacity_));
  actions_.reserve(static_cast<std::size_t>(capacity_));
}

bool Visited::add(std::uint64_t fingerprint, Origin origin) {
  CHECK(!full(), capacity_);
  const std::uint64_t key = fingerprint == 0 ? 1 : fingerprint;
  std::size_t at = place(key);
  while (slots_[at] != 0) {
    if (slots_[at] == key) return false;
    at = at + 1 == slot_count_ ? 0 : at + 1;
  }
  slots_[at] = key;
  parents_.push_back(origin.parent);
  actions_.push_back(origin.action);
  return true;
}

}  // namespace explore
