// SPDX-License-Identifier: Apache-2.0
// A thread for work of the disk that takes long and that nobody waits for: one job after the other.
//
//   const auto job = background.start([fd] { return fsync(fd) == 0 ? 0 : errno; });
//   ... other things ...
//   if (job->is_over()) use(job->failure());
//
// The thread is made for the first job. Where none can be had, a job is over when start() returns,
// and the next one tries again. Whatever a job uses must live until it is over, or until
// the Background is gone: its end waits for all jobs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace os {

class Background {
 public:
  class Job {
   public:
    explicit Job(std::function<int()> work) : work_(std::move(work)) {}
    bool is_over() const { return over_.load(std::memory_order_acquire); }
    // What the work returned: 0, or an errno. Requires: is_over().
    int failure() const { return failure_; }

   private:
    friend class Background;
    void carry_out();

    std::function<int()> work_;
    int failure_ = 0;
    std::atomic<bool> over_ = false;
  };

  Background() = default;
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background();

  std::shared_ptr<const Job> start(std::function<int()> work);

 private:
  void run();
  bool has_thread();

  std::thread thread_;
  std::mutex mutex_;  // Of all below.
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> waiting_;
  bool ends_ = false;
};

}  // namespace os
