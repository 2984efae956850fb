// SPDX-License-Identifier: Apache-2.0
// The monitor's one thread: waits for sockets, timers and requests of other threads, and never for
// anything else.
//
//   sockets --.
//   timers  --+--> run() --> on_ready(), actions     all in the thread that calls run()
//   post()  --'
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "check/monitor/timer_heap.h"
#include "check/sandbox/fd.h"

namespace check::monitor {

// Nanoseconds of CLOCK_MONOTONIC.
std::uint64_t monotonic_ns();

class Loop {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    // `events`: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP. May be called for a socket that was removed
    // earlier in the same batch: delete handlers by dispose_later() only.
    virtual void on_ready(std::uint32_t events) = 0;
  };

  static base::Result<std::unique_ptr<Loop>> create();

  // The rest, but for post() and stop(): from the loop's thread, or before it runs.
  base::Status add(int fd, std::uint32_t events, Handler& handler);
  void change(int fd, std::uint32_t events, Handler& handler);
  void remove(int fd);

  // The time when the current batch began.
  std::uint64_t now_ns() const { return now_ns_; }
  void at(std::uint64_t due_ns, TimerHeap::Action action) { timers_.at(due_ns, std::move(action)); }
  // Keeps `garbage` (of any type: hence shared) until no event of the current batch can refer to
  // it.
  void dispose_later(std::shared_ptr<void> garbage) { garbage_.push_back(std::move(garbage)); }

  void run();

  // Any thread: `action` runs in the loop's thread, in the order of posting.
  void post(std::function<void()> action);
  void stop();

 private:
  explicit Loop(sandbox::Fd epoll, sandbox::Fd wake)
      : epoll_(std::move(epoll)), wake_(std::move(wake)) {}
  void run_posted();
  void run_timers();
  int wait(void* events, int capacity);

  sandbox::Fd epoll_;
  sandbox::Fd wake_;
  TimerHeap timers_;
  std::uint64_t now_ns_ = monotonic_ns();
  std::vector<std::shared_ptr<void>> garbage_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // Guarded by mutex_.
};

}  // namespace check::monitor
