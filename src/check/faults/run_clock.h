// SPDX-License-Identifier: Apache-2.0
// The one clock of a run: monotonic nanoseconds since it began.
#pragma once

#include <chrono>
#include <cstdint>

#include "check/history/operation.h"

namespace check::faults {

class RunClock {
 public:
  RunClock() : start_(std::chrono::steady_clock::now()) {}

  // Its beginning on CLOCK_MONOTONIC, which is what a steady_clock counts on Linux.
  std::uint64_t started_ns() const {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(start_.time_since_epoch()).count());
  }

  history::Moment now() const {
    const auto passed = std::chrono::steady_clock::now() - start_;
    return history::Moment(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(passed).count()));
  }

 private:
  std::chrono::steady_clock::time_point start_;
};

}  // namespace check::faults
