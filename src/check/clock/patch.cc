// SPDX-License-Identifier: Apache-2.0
#include "check/clock/patch.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "check/clock/traced.h"
#include "check/clock/trampoline.h"
#include "check/clock/vdso.h"

namespace check::clock {

namespace {

constexpr std::size_t kVdsoBytes = 2 * kPageBytes;
constexpr std::uint64_t kStep = 0x100000;  // A jump reaches 2 GB.
constexpr int kMostSteps = 16;
constexpr std::uint64_t kFixed = MAP_FIXED_NOREPLACE;
constexpr std::int64_t kBillion = 1'000'000'000;
constexpr std::int64_t kPatienceNs = 10 * kBillion;  // Of a machine that has no time for us.

base::Error impossible(const std::string& what) {
  return {base::ErrorCode::Unavailable, "a program's clock cannot be changed: " + what};
}

// Maps a part of the clock's memory where it is wanted.
base::Result<bool> map(const Traced& child, std::uint64_t at, std::uint64_t protection,
                       std::uint64_t flags, std::uint64_t offset) {
  TRY(const std::int64_t result,
      child.system_call(SYS_mmap, {at, kPageBytes, protection, flags | kFixed,
                                   static_cast<std::uint64_t>(kMemoryDescriptor), offset}));
  if (result == static_cast<std::int64_t>(at)) return true;
  if (result == -EEXIST) return false;
  return impossible(std::string("mmap: ") + std::strerror(static_cast<int>(-result)));
}

// The address of the data page; the code is behind it.
base::Result<std::uint64_t> map_memory(const Traced& child, std::uint64_t vdso) {
  for (std::uint64_t step = 1; step <= kMostSteps; ++step) {
    const std::uint64_t at = vdso / kPageBytes * kPageBytes - step * kStep;
    TRY(const bool data, map(child, at, PROT_READ | PROT_WRITE, MAP_SHARED, 0));
    if (!data) continue;
    TRY(const bool code,
        map(child, at + kPageBytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, kPageBytes));
    if (!code) continue;
    TRY([[maybe_unused]] const std::int64_t closed,
        child.system_call(SYS_close, {static_cast<std::uint64_t>(kMemoryDescriptor)}));
    return at;
  }
  return impossible("there is no room beside its vDSO");
}

std::string jump(std::uint64_t from, std::uint64_t to) {
  const auto distance = static_cast<std::int32_t>(static_cast<std::int64_t>(to - from) - 5);
  std::string code = "\xe9....";
  std::memcpy(code.data() + 1, &distance, sizeof distance);
  return code;
}

// The first page must be there; what lies behind the library is not ours.
base::Result<std::string> image_at(const Traced& child, std::uint64_t vdso) {
  auto both = child.read(vdso, kVdsoBytes);
  return both.ok() ? std::move(both) : child.read(vdso, kPageBytes);
}

std::int64_t true_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * kBillion + now.tv_nsec;
}

// Asks for the time in the program's name.
base::Status try_it(const Traced& child, const Patched& patched, const NodeClock& clock) {
  const std::uint64_t before = clock.readings();
  TRY(const std::uint64_t room, child.scratch());
  TRY(const std::uint64_t result, child.call(patched.function, CLOCK_REALTIME, room));
  TRY(const std::string bytes, child.read(room, sizeof(timespec)));
  timespec seen{};
  std::memcpy(&seen, bytes.data(), sizeof seen);
  const std::int64_t wrong =
      seen.tv_sec * kBillion + seen.tv_nsec - true_ns() - clock.ahead().count();
  if (result == 0 && clock.readings() > before && std::abs(wrong) < kPatienceNs) {
    return base::Done{};
  }
  return impossible("it does not show what it should");
}

base::Result<Patched> patch(const Traced& child, pid_t pid, const NodeClock& clock) {
  if (trampoline().empty()) return impossible("only x86-64 programs can be");
  TRY(const std::uint64_t vdso, child.vdso());
  TRY(const std::string image, image_at(child, vdso));
  TRY(const ClockFunctions functions, find_clock_functions(image));
  TRY(const std::uint64_t page, map_memory(child, vdso));
  const std::uint64_t code = page + kPageBytes;
  const auto redirect = [&](std::size_t function, std::size_t entry) {
    return child.write(vdso + function, jump(vdso + function, code + entry));
  };
  TRY([[maybe_unused]] base::Done done, redirect(functions.clock_gettime, entries().clock_gettime));
  if (functions.gettimeofday) {
    TRY(done, redirect(*functions.gettimeofday, entries().gettimeofday));
  }
  if (functions.time) {
    TRY(done, redirect(*functions.time, entries().time));
  }
  const Patched patched{pid, page, vdso + functions.clock_gettime};
  TRY(done, try_it(child, patched, clock));
  return patched;
}

}  // namespace

base::Result<Patched> patch(pid_t child, const NodeClock& clock) {
  TRY(const Traced traced, Traced::wait_for(child));
  TRY(const Patched patched, patch(traced, child, clock));
  TRY([[maybe_unused]] const auto gone, traced.let_go());
  return patched;
}

base::Result<Patched> patch_and_wait(pid_t child, const NodeClock& clock) {
  TRY(const Traced traced, Traced::wait_for(child));
  return patch(traced, child, clock);
}

base::Status confirm(const Patched& patched, const NodeClock& clock) {
  const auto slot_at = [&patched](std::uint64_t active) {
    return read_memory(patched.pid, patched.page + active, sizeof(Slot));
  };
  const auto code = read_memory(patched.pid, patched.function, 5);
  const auto active = read_memory(patched.pid, patched.page, sizeof(std::uint64_t));
  const auto other = [](const std::string& why) {
    return base::Error{base::ErrorCode::Unavailable,
                       "the program that was started is another one by now: " + why};
  };
  if (!code.ok()) return other(code.error().message);
  if (!active.ok()) return other(active.error().message);
  const std::uint64_t to = patched.page + kPageBytes + entries().clock_gettime;
  std::uint64_t offset = 0;
  std::memcpy(&offset, active.value().data(), sizeof offset);
  const auto bytes = slot_at(offset);
  if (!bytes.ok()) return other(bytes.error().message);
  Slot slot;
  std::memcpy(&slot, bytes.value().data(), sizeof slot);
  if (code.value() == jump(patched.function, to) && slot == clock.in_use()) return base::Done{};
  return other("it reads another clock");
}

}  // namespace check::clock
