// SPDX-License-Identifier: Apache-2.0
// A request to end early that every wait listens to: Ctrl-C, a full disk, the end of a phase.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

namespace check::faults {

class Stop {
 public:
  // The first reason stays.
  void request(const std::string& reason);
  bool requested() const;
  std::string reason() const;

  // Waits for `length`; true if it passed, false if a stop was requested before its end.
  bool wait(std::chrono::milliseconds length) const;

  // Asks `condition` every `interval` until it holds (true), `limit` has passed or a stop was
  // requested (false).
  bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit,
                  std::chrono::milliseconds interval) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool requested_ = false;
  std::string reason_;
};

}  // namespace check::faults
