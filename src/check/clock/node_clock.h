// SPDX-License-Identifier: Apache-2.0
// One node's wall clock: how far it is from the true one, for the programs that were attached to
// it. It keeps that over their restarts.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/result.h"
#include "check/clock/page.h"
#include "check/sandbox/fd.h"

namespace check::clock {

class NodeClock {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // Right at first.
  static base::Result<std::unique_ptr<NodeClock>> make();
  ~NodeClock();
  NodeClock(const NodeClock&) = delete;
  NodeClock& operator=(const NodeClock&) = delete;

  // By so much ahead of what it shows, or back; at most a thousand days from the true time.
  void jump(Nanoseconds by);
  // From now on it gains so many parts of a million, or loses them if negative.
  void drift(std::int64_t parts);
  void set_right();

  Nanoseconds ahead() const;  // Of the true clock, now.
  std::uint64_t readings() const;
  Slot in_use() const;

  // A page of data and one of code.
  int memory() const { return memory_.get(); }

 private:
  NodeClock(sandbox::Fd memory, Page* page) : memory_(std::move(memory)), page_(page) {}
  void use(const Slot& slot);  // Requires: mutex_ is held.

  const sandbox::Fd memory_;
  Page* const page_;
  mutable std::mutex mutex_;  // Of writing to it, and of what follows.
  std::size_t slot_ = 0;
};

}  // namespace check::clock
