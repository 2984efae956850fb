// SPDX-License-Identifier: Apache-2.0
// One thread waits for many descriptors (epoll, level triggered).
//
//   TRY(auto loop, os::Loop::make());
//   const Loop::Watch watch = loop->add(fd, Loop::Interest::Read, handler);
//   while (...) {
//     TRY(..., loop->turn(timeout));   // wait(timeout), then dispatch(): on_ready(...) of
//     handlers.
//     ... what the turn gathered is done here, at once: one sync, one send for many requests ...
//   }
//
// A handler may add and remove watches, its own included, and others' whose events wait in the same
// turn: those are dropped.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace os {

// What a descriptor is ready for. An error or hang-up in both directions, which nobody can ask not
// to be told, shows as all three: the next read or write says what it is.
struct Ready {
  bool read = false;
  bool write = false;
  bool broken = false;
};

class Handler {
 public:
  virtual ~Handler() = default;
  virtual void on_ready(Ready ready) = 0;
};

class Loop {
 public:
  enum class Interest : std::uint8_t { Nothing, Read, Write, ReadWrite };
  // Names one registration; never used twice.
  struct Watch {
    std::uint64_t value = 0;
  };

  static base::Result<std::unique_ptr<Loop>> make();

  // Requires: `handler` lives until remove(); `fd` is open and was not added before.
  Watch add(int fd, Interest interest, Handler& handler);
  void change(Watch watch, Interest interest);
  // To be called before the descriptor is closed.
  void remove(Watch watch);

  // Waits until something is ready or `timeout` (rounded up to milliseconds) passed.
  base::Status wait(std::chrono::nanoseconds timeout);
  // Calls the handlers of what wait() found ready.
  void dispatch();
  // Both.
  base::Status turn(std::chrono::nanoseconds timeout);

 private:
  struct Slot {
    std::uint32_t generation = 0;
    int fd = -1;
    Interest interest = Interest::Nothing;
    Handler* handler = nullptr;  // Null: the slot is free.
  };

  explicit Loop(Fd epoll);
  Slot& slot(Watch watch);
  void control(int operation, Watch watch);

  Fd epoll_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<epoll_event> events_;  // Room for those of one turn,
  std::size_t ready_ = 0;            // and how many there are.
};

}  // namespace os
