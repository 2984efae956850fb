// SPDX-License-Identifier: Apache-2.0
// Which states were met, by fingerprint, and how each was reached first. Of a fixed size.
//
// Two states of one fingerprint count as one: of N states, the chance that any is overlooked for
// that reason is below N * N / 2^65.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "explore/state.h"

namespace explore {

class Visited {
 public:
  struct Origin {
    StateId parent;
    Action action;
  };
  static constexpr std::uint64_t kBytesPerState = 16;

  explicit Visited(std::uint64_t capacity);

  // False: it was there.
  // Requires: !full().
  bool add(std::uint64_t fingerprint, Origin origin);
  // Brings the fingerprint's place nearer: for a look-up that comes soon.
  void prefetch(std::uint64_t fingerprint) const {
    __builtin_prefetch(&slots_[place(fingerprint)]);
  }
  bool full() const { return parents_.size() >= capacity_; }
  std::uint64_t size() const { return parents_.size(); }
  // Of the state that was added as the `nth`, from 0.
  Origin origin(std::uint64_t nth) const { return {parents_[nth], actions_[nth]}; }

 private:
  struct Freed {
    void operator()(std::uint64_t* slots) const { std::free(slots); }  // NOLINT: from calloc
  };
  __extension__ using Wide = unsigned __int128;
  std::size_t place(std::uint64_t fingerprint) const {
    // The high half of a product spreads a well mixed number evenly over any count of slots.
    return static_cast<std::size_t>((static_cast<Wide>(fingerprint) * slot_count_) >> 64U);
  }

  std::uint64_t capacity_;
  std::size_t slot_count_;
  // 0: free. Zero pages from the system: memory that nobody writes to is not taken.
  std::unique_ptr<std::uint64_t[], Freed> slots_;
  std::vector<StateId> parents_;
  std::vector<Action> actions_;
};

}  // namespace explore
