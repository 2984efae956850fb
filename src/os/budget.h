// SPDX-License-Identifier: Apache-2.0
// What many connections may keep together, in bytes: each keeps account of its own share, and looks
// before it takes more whether there is room. One thread's.
//
//   Budget budget(limit);
//   BudgetShare mine(budget);          // of one connection; gone with it
//   mine.set(input.size());            // after each change
//   if (mine.is_used_up(wanted)) ...   // were it `wanted` bytes, nothing would be left for anybody
//
// It refuses nothing itself: a budget may be overdrawn by what was taken before somebody looked.
#pragma once

#include <cstddef>

namespace os {

class Budget {
 public:
  explicit Budget(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;
  ~Budget() = default;

  std::size_t limit_bytes() const { return limit_bytes_; }
  std::size_t used_bytes() const { return used_bytes_; }
  std::size_t left_bytes() const {
    return used_bytes_ < limit_bytes_ ? limit_bytes_ - used_bytes_ : 0;
  }

 private:
  friend class BudgetShare;
  std::size_t limit_bytes_;
  std::size_t used_bytes_ = 0;
};

class BudgetShare {
 public:
  // Requires: `budget` outlives it.
  explicit BudgetShare(Budget& budget) : budget_(budget) {}
  BudgetShare(const BudgetShare&) = delete;
  BudgetShare& operator=(const BudgetShare&) = delete;
  ~BudgetShare() { set(0); }

  void set(std::size_t bytes) {
    budget_.used_bytes_ += bytes - bytes_;
    bytes_ = bytes;
  }
  bool is_used_up(std::size_t bytes) const {
    return budget_.used_bytes_ - bytes_ + bytes >= budget_.limit_bytes_;
  }
  bool is_used_up() const { return is_used_up(bytes_); }

 private:
  Budget& budget_;
  std::size_t bytes_ = 0;
};

}  // namespace os
