// SPDX-License-Identifier: Apache-2.0
#include "check/clock/node_clock.h"

#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "check/clock/trampoline.h"

namespace check::clock {

namespace {

constexpr std::int64_t kBillion = 1'000'000'000;
constexpr std::int64_t kFarthestNs = 1000LL * 24 * 3600 * kBillion;
// Faster than twice, or standing still, no clock is.
constexpr std::int64_t kMostParts = 1'000'000;

std::int64_t true_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * kBillion + now.tv_nsec;
}

__extension__ using Wide = __int128;

// As the trampoline computes it.
std::int64_t ahead_at(const Slot& slot, std::int64_t now) {
  const auto passed = static_cast<Wide>(now - slot.base_ns) * slot.rate_q32;
  return slot.offset_ns + static_cast<std::int64_t>(passed >> 32);
}

}  // namespace

base::Result<std::unique_ptr<NodeClock>> NodeClock::make() {
  sandbox::Fd memory(::memfd_create("clock", MFD_CLOEXEC));
  if (!memory.open() || ::ftruncate(memory.get(), 2 * kPageBytes) != 0) {
    return sandbox::system_error("cannot make the memory of a node's clock");
  }
  const std::string_view code = trampoline();
  const ssize_t written = ::pwrite(memory.get(), code.data(), code.size(), kPageBytes);
  if (written != static_cast<ssize_t>(code.size())) {
    return sandbox::system_error("cannot write to the memory of a node's clock");
  }
  void* mapped = ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (mapped == MAP_FAILED) return sandbox::system_error("cannot map the memory of a node's clock");
  std::unique_ptr<NodeClock> clock(new NodeClock(std::move(memory), new (mapped) Page{}));
  clock->set_right();
  return clock;
}

NodeClock::~NodeClock() { ::munmap(page_, kPageBytes); }

void NodeClock::use(const Slot& slot) {
  slot_ = (slot_ + 1) % page_->slots.size();
  page_->slots.at(slot_) = slot;
  page_->active.store(offsetof(Page, slots) + slot_ * sizeof(Slot), std::memory_order_release);
}

void NodeClock::jump(Nanoseconds by) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = true_ns();
  const Slot& old = page_->slots.at(slot_);
  const std::int64_t offset =
      ahead_at(old, now) + std::clamp<std::int64_t>(by.count(), -kFarthestNs, kFarthestNs);
  use({std::clamp(offset, -kFarthestNs, kFarthestNs), old.rate_q32, now, 0});
}

void NodeClock::drift(std::int64_t parts) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = true_ns();
  const std::int64_t kept = std::clamp(parts, -kMostParts, kMostParts);
  use({ahead_at(page_->slots.at(slot_), now), kept * (1LL << 32) / 1'000'000, now, 0});
}

void NodeClock::set_right() {
  const std::lock_guard lock(mutex_);
  use({0, 0, true_ns(), 0});
}

NodeClock::Nanoseconds NodeClock::ahead() const {
  const std::lock_guard lock(mutex_);
  return Nanoseconds(ahead_at(page_->slots.at(slot_), true_ns()));
}

std::uint64_t NodeClock::readings() const { return page_->readings.load(); }

Slot NodeClock::in_use() const {
  const std::lock_guard lock(mutex_);
  return page_->slots.at(slot_);
}

}  // namespace check::clock
