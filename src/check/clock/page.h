// SPDX-License-Identifier: Apache-2.0
// The memory that a node's clock functions read: shared by the checker, which writes it, and every
// program on the node.
//
//   | active | readings | pad | slot 0 | slot 1 | ...      1 page of data
//   | trampoline ...                                       1 page of code
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace check::clock {

constexpr std::size_t kPageBytes = 4096;

// What is added to the true time t, in nanoseconds: offset + (t - base) * rate / 2^32. Never
// changed while it is in use.
struct Slot {
  std::int64_t offset_ns = 0;
  std::int64_t rate_q32 = 0;
  std::int64_t base_ns = 0;
  std::int64_t unused = 0;
  friend bool operator==(const Slot&, const Slot&) = default;
};

// The trampoline knows these offsets.
struct Page {
  std::atomic<std::uint64_t> active;    // Of the slot in use: bytes from the page's beginning.
  std::atomic<std::uint64_t> readings;  // How often a program has asked for the wall clock.
  std::array<std::uint64_t, 2> unused;
  // Used in turn: a reader that is kept waiting finds the old one unchanged for a long time.
  std::array<Slot, 64> slots;
};
static_assert(sizeof(Slot) == 32 && sizeof(Page) <= kPageBytes);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace check::clock
