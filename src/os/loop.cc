// SPDX-License-Identifier: Apache-2.0
#include "os/loop.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "os/error.h"

namespace os {
namespace {

constexpr std::size_t kEventsPerTurn = 512;

std::uint32_t epoll_bits(Loop::Interest interest) {
  switch (interest) {
    case Loop::Interest::Nothing:
      return 0;
    case Loop::Interest::Read:
      return EPOLLIN;
    case Loop::Interest::Write:
      return EPOLLOUT;
    case Loop::Interest::ReadWrite:
      return EPOLLIN | EPOLLOUT;
  }
  return 0;
}

std::uint32_t slot_of(Loop::Watch watch) { return static_cast<std::uint32_t>(watch.value); }
std::uint32_t generation_of(Loop::Watch watch) {
  return static_cast<std::uint32_t>(watch.value >> 32U);
}

}  // namespace

Loop::Loop(Fd epoll) : epoll_(std::move(epoll)), events_(kEventsPerTurn) {}

base::Result<std::unique_ptr<Loop>> Loop::make() {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.is_open()) return system_error("create an epoll descriptor");
  return std::unique_ptr<Loop>(new Loop(std::move(epoll)));
}

Loop::Slot& Loop::slot(Watch watch) {
  CHECK(slot_of(watch) < slots_.size());
  Slot& found = slots_[slot_of(watch)];
  CHECK(found.handler != nullptr && found.generation == generation_of(watch));
  return found;
}

void Loop::control(int operation, Watch watch) {
  epoll_event event{};
  event.events = epoll_bits(slot(watch).interest);
  event.data.u64 = watch.value;
  CHECK(epoll_ctl(epoll_.number(), operation, slot(watch).fd, &event) == 0, errno);
}

Loop::Watch Loop::add(int fd, Interest interest, Handler& handler) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Slot& fresh = slots_[index];
  fresh = Slot{fresh.generation + 1, fd, interest, &handler};
  const Watch watch{(std::uint64_t{fresh.generation} << 32U) | index};
  control(EPOLL_CTL_ADD, watch);
  return watch;
}

void Loop::change(Watch watch, Interest interest) {
  if (slot(watch).interest == interest) return;
  slot(watch).interest = interest;
  control(EPOLL_CTL_MOD, watch);
}

void Loop::remove(Watch watch) {
  control(EPOLL_CTL_DEL, watch);
  slot(watch).handler = nullptr;
  free_.push_back(slot_of(watch));
}

base::Status Loop::wait(std::chrono::nanoseconds timeout) {
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::clamp(
      timeout, std::chrono::nanoseconds(0), std::chrono::nanoseconds(3'600'000'000'000)));
  ready_ = 0;
  const int count = epoll_wait(epoll_.number(), events_.data(), static_cast<int>(events_.size()),
                               static_cast<int>(wait.count()));
  if (count < 0 && errno != EINTR) return system_error("wait for events");
  if (count > 0) ready_ = static_cast<std::size_t>(count);
  return base::Done{};
}

void Loop::dispatch() {
  const std::size_t count = std::exchange(ready_, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const epoll_event event = events_[i];
    const Watch watch{event.data.u64};
    const Slot& found = slots_[slot_of(watch)];
    // A handler before this one may have removed it.
    if (found.handler == nullptr || found.generation != generation_of(watch)) continue;
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    found.handler->on_ready(Ready{broken || (event.events & EPOLLIN) != 0,
                                  broken || (event.events & EPOLLOUT) != 0, broken});
  }
}

base::Status Loop::turn(std::chrono::nanoseconds timeout) {
  TRY([[maybe_unused]] const base::Done waited, wait(timeout));
  dispatch();
  return base::Done{};
}

}  // namespace os
