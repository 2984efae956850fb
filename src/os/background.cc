// SPDX-License-Identifier: Apache-2.0
#include "os/background.h"

#include <system_error>
#include <utility>

namespace os {

Background::~Background() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Background::Job::carry_out() {
  failure_ = work_();
  work_ = nullptr;  // And what it held.
  over_.store(true, std::memory_order_release);
}

std::shared_ptr<const Background::Job> Background::start(std::function<int()> work) {
  auto job = std::make_shared<Job>(std::move(work));
  if (!has_thread()) {
    job->carry_out();
    return job;
  }
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(job);
  }
  changed_.notify_one();
  return job;
}

bool Background::has_thread() {
  if (thread_.joinable()) return true;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {  // There are as many threads as there may be.
    return false;
  }
  return true;
}

void Background::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::shared_ptr<Job> job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    job->carry_out();
    lock.lock();
  }
}

}  // namespace os
