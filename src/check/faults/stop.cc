// SPDX-License-Identifier: Apache-2.0
#include "check/faults/stop.h"

#include <algorithm>

namespace check::faults {

void Stop::request(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (requested_) return;
    requested_ = true;
    reason_ = reason;
  }
  changed_.notify_all();
}

bool Stop::requested() const {
  const std::lock_guard lock(mutex_);
  return requested_;
}

std::string Stop::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

bool Stop::wait(std::chrono::milliseconds length) const {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, length, [this] { return requested_; });
}

bool Stop::wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit,
                      std::chrono::milliseconds interval) const {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end || !wait(interval)) return false;
  }
  return true;
}

}  // namespace check::faults
