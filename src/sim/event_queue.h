// SPDX-License-Identifier: Apache-2.0
// What is to come, by virtual time; of one moment, in the order in which it was planned.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace sim {

enum class EventKind : std::uint8_t {
  Arrive,   // what: slot of the message
  Tick,     // what: server
  Wake,     // what: server; it is free again
  Client,   // what: client; it has thought
  Timeout,  // what: client
  Restart,  // what: server
  Trouble,  // the next one begins
  Heal,     // what: number of a trouble
  Wish,     // an operator wants something
  Demote,   // what: server; it is to learn instead of voting
  Lapse     // what: a leader; whoever promised it something forgets
};

struct Event {
  std::uint64_t time = 0;
  std::uint64_t order = 0;
  EventKind kind = EventKind::Tick;
  std::uint32_t what = 0;
  std::uint32_t stamp = 0;  // Tells a plan from a later one of the same kind.
};

class EventQueue {
 public:
  bool empty() const { return heap_.empty(); }
  void push(std::uint64_t time, EventKind kind, std::uint32_t what, std::uint32_t stamp = 0) {
    heap_.push_back({time, planned_++, kind, what, stamp});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  Event pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Event event = heap_.back();
    heap_.pop_back();
    return event;
  }

 private:
  static bool later(const Event& left, const Event& right) {
    return left.time != right.time ? left.time > right.time : left.order > right.order;
  }
  std::vector<Event> heap_;
  std::uint64_t planned_ = 0;
};

}  // namespace sim
