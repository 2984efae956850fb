// SPDX-License-Identifier: Apache-2.0
// What is to happen later, soonest first; things due at one moment happen in the order they came.
//
// There is no cancelling: an entry names its object by a number that is not used twice, and finds
// nothing if the object is gone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace check::monitor {

class TimerHeap {
 public:
  using Action = std::function<void()>;

  void at(std::uint64_t due_ns, Action action) {
    heap_.push_back({due_ns, next_++, std::move(action)});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  std::optional<std::uint64_t> next_due_ns() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().due_ns;
  }

  // Takes out the soonest entry if it is due at `now_ns`.
  std::optional<Action> take_due(std::uint64_t now_ns) {
    if (heap_.empty() || heap_.front().due_ns > now_ns) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Action action = std::move(heap_.back().action);
    heap_.pop_back();
    return action;
  }

  std::size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    std::uint64_t due_ns = 0;
    std::uint64_t number = 0;
    Action action;
  };
  static bool later(const Entry& left, const Entry& right) {
    return std::pair(left.due_ns, left.number) > std::pair(right.due_ns, right.number);
  }

  std::vector<Entry> heap_;
  std::uint64_t next_ = 0;
};

}  // namespace check::monitor
