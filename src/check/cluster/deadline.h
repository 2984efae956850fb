// SPDX-License-Identifier: Apache-2.0
// The moment by which a call must have returned, handed down through everything that waits.
#pragma once

#include <algorithm>
#include <chrono>

namespace check::cluster {

class Deadline {
 public:
  static Deadline after(std::chrono::milliseconds time) { return Deadline(Clock::now() + time); }

  bool passed() const { return Clock::now() >= end_; }
  std::chrono::milliseconds left() const { return std::chrono::milliseconds(poll_ms()); }
  // The earlier of this and one after `time`.
  Deadline within(std::chrono::milliseconds time) const {
    return Deadline(std::min(end_, Clock::now() + time));
  }
  // What poll(2) takes; rounded up, so that a poll that timed out means that it has passed.
  int poll_ms() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now()).count();
    return static_cast<int>(std::clamp<decltype(left)>(left, 0, kLongestPollMs));
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr int kLongestPollMs = 3'600'000;
  explicit Deadline(Clock::time_point end) : end_(end) {}

  Clock::time_point end_;
};

}  // namespace check::cluster
