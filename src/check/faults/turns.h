// SPDX-License-Identifier: Apache-2.0
// Faults at the points that a plan writes down (plan::Point): in their order, across the lanes, and
// each when enough has happened since the one before.
//
//   lane 1   ... await(turn 1) strike passed() ............ await(turn 4) heal passed()
//   lane 2   ............................. await(turn 2) strike passed() ... await(turn 3) ...
//
// What a plan waits for need not happen again: no wait is longer than `patience`, and twice that if
// an earlier turn has not come.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>

#include "check/faults/stop.h"
#include "check/plan/plan.h"

namespace check::faults {

// Since the clients began. Neither ever goes back.
struct Counts {
  std::uint64_t acknowledged = 0;  // Operations.
  std::uint64_t leaders = 0;       // New ones; none where messages are not understood.
};

class Turns {
 public:
  struct Options {
    std::function<Counts()> count;
    std::chrono::milliseconds patience{0};
  };

  // `plan` is looked at now and no more.
  Turns(const plan::Plan& plan, Options options);

  // Waits for the point; at once if there is none. False: it was not reached in time, or a stop was
  // requested.
  bool await(const std::optional<plan::Point>& point, const Stop& stop);
  // The fault that waited has begun, or ended: points are counted from now on.
  void passed(const std::optional<plan::Point>& point);

 private:
  using Clock = std::chrono::steady_clock;
  enum class Ready : std::uint8_t { No, Yes, LostPatience };

  Ready ready(const plan::Point& point);

  const Options options_;
  std::mutex mutex_;
  std::multiset<std::uint32_t> to_come_;  // Turns that nobody has left await() with.
  std::multiset<std::uint32_t> going_;    // Left, and not passed().
  Counts since_;
  Clock::time_point last_change_;
};

}  // namespace check::faults
