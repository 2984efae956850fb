// SPDX-License-Identifier: Apache-2.0
// Connection events on their way from the monitor's thread to the run's log: bounded, so that a
// reader that has died costs memory only up to the limit.
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "check/monitor/raft_monitor.h"

namespace check::monitor {

class EventLog {
 public:
  void add(const ConnectionEvent& event) {
    const std::lock_guard lock(mutex_);
    if (events_.size() < kLimit) {
      events_.push_back(event);
    } else {
      ++lost_;
    }
  }

  ConnectionEvents take() {
    const std::lock_guard lock(mutex_);
    return {std::exchange(events_, {}), std::exchange(lost_, 0)};
  }

 private:
  static constexpr std::size_t kLimit = 65536;
  std::mutex mutex_;
  std::vector<ConnectionEvent> events_;
  std::uint64_t lost_ = 0;
};

}  // namespace check::monitor
