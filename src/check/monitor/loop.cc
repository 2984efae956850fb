// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/check.h"

namespace check::monitor {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

epoll_event interest(std::uint32_t events, Loop::Handler* handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = handler;
  return event;
}

}  // namespace

std::uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kSecond + static_cast<std::uint64_t>(now.tv_nsec);
}

base::Result<std::unique_ptr<Loop>> Loop::create() {
  sandbox::Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  sandbox::Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event = interest(EPOLLIN, nullptr);
  if (!epoll.open() || !wake.open() ||
      epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return base::Error{base::ErrorCode::Io,
                       std::string("the monitor's event loop cannot be made: ") + strerror(errno)};
  }
  return std::unique_ptr<Loop>(new Loop(std::move(epoll), std::move(wake)));
}

base::Status Loop::add(int fd, std::uint32_t events, Handler& handler) {
  epoll_event event = interest(events, &handler);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return base::Error{base::ErrorCode::Io,
                       std::string("a socket cannot be watched: ") + strerror(errno)};
  }
  return base::Done{};
}

void Loop::change(int fd, std::uint32_t events, Handler& handler) {
  epoll_event event = interest(events, &handler);
  const int outcome = epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
  CHECK(outcome == 0, fd, errno);
}

void Loop::remove(int fd) {
  const int outcome = epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  CHECK(outcome == 0, fd, errno);
}

void Loop::post(std::function<void()> action) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(action));
  }
  eventfd_write(wake_.get(), 1);
}

void Loop::stop() {
  stopping_.store(true);
  eventfd_write(wake_.get(), 1);
}

void Loop::run_posted() {
  eventfd_t count = 0;
  eventfd_read(wake_.get(), &count);
  std::vector<std::function<void()>> actions;
  {
    const std::lock_guard lock(mutex_);
    actions.swap(posted_);
  }
  for (const auto& action : actions) action();
}

void Loop::run_timers() {
  while (const auto action = timers_.take_due(now_ns_)) (*action)();
}

int Loop::wait(void* events, int capacity) {
  timespec timeout{};
  const auto due = timers_.next_due_ns();
  if (due) {
    const std::uint64_t now = monotonic_ns();
    const std::uint64_t left = *due > now ? *due - now : 0;
    timeout.tv_sec = static_cast<time_t>(left / kSecond);
    timeout.tv_nsec = static_cast<long>(left % kSecond);
  }
  const int count = epoll_pwait2(epoll_.get(), static_cast<epoll_event*>(events), capacity,
                                 due ? &timeout : nullptr, nullptr);
  CHECK(count >= 0 || errno == EINTR, errno);
  return count;
}

void Loop::run() {
  std::array<epoll_event, 64> events{};
  while (!stopping_.load(std::memory_order_relaxed)) {
    const int count = wait(events.data(), static_cast<int>(events.size()));
    now_ns_ = monotonic_ns();
    bool posted = false;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events.at(static_cast<std::size_t>(i));
      if (event.data.ptr == nullptr) {
        posted = true;
      } else {
        static_cast<Handler*>(event.data.ptr)->on_ready(event.events);
      }
    }
    run_timers();
    if (posted) run_posted();
    garbage_.clear();
  }
}

}  // namespace check::monitor
