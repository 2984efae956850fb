// SPDX-License-Identifier: Apache-2.0
#include "raft/batches.h"

#include <algorithm>

namespace raft {

const Batches::Batch& Batches::after(LogIndex previous, const Log& log, std::uint64_t max_bytes) {
  const LogIndex last = log.last().index;
  for (Slot& slot : slots_) {
    if (!slot.is_known || slot.previous != previous) continue;
    if (slot.is_full || slot.log_last == last) return slot.is_used = true, slot.batch;
  }
  Slot& slot = free_slot();
  std::vector<Entry>& entries = slot.batch.entries.edit();
  entries.clear();
  slot.batch.bytes = log.copy_after(previous, max_bytes, entries);
  slot.previous = previous;
  slot.log_last = last;
  slot.is_full = entries.back().id.index < last;
  slot.is_known = slot.is_used = true;
  return slot.batch;
}

// Messages that still have the old entries of the slot keep them.
Batches::Slot& Batches::free_slot() {
  const auto free = std::ranges::find_if_not(
      slots_, [](const Slot& slot) { return slot.batch.entries.is_shared(); });
  if (free != slots_.end()) return *free;
  Slot& slot = slots_[next_];
  next_ = (next_ + 1) % slots_.size();
  slot = {};
  return slot;
}

void Batches::trim() {
  for (Slot& slot : slots_) {
    if (slot.batch.entries.is_shared()) continue;
    if (!slot.is_used) {
      slot = {};
    } else {
      slot.batch.entries.edit().clear();
      slot.is_known = slot.is_used = false;
    }
  }
}

}  // namespace raft
