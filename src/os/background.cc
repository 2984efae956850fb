// SPDX-License-Identifier: Apache-2.0
#include "os/background.h"

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

std::shared_ptr<const Background::Job> Background::start(std::function<int()> work) {
  auto job = std::make_shared<Job>(std::move(work));
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(job);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  changed_.notify_one();
  return job;
}

void Background::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::shared_ptr<Job> job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    job->failure_ = job->work_();
    job->work_ = nullptr;  // And what it held.
    job->over_.store(true, std::memory_order_release);
    lock.lock();
  }
}

}  // namespace os
