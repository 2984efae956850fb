// SPDX-License-Identifier: Apache-2.0
#include "check/faults/silence.h"

#include <thread>

namespace check::faults {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{1};

base::Result<bool> decided_before(const Trial& trial, Clock::time_point end) {
  while (true) {
    TRY(const bool decided, trial.decided());
    if (decided) return true;
    if (Clock::now() >= end) return false;
    std::this_thread::sleep_for(kLook);
  }
}

bool silent_until(const Trial& trial, Clock::time_point end) {
  while (true) {
    // Asked first: however late this thread is, it looks once more after the end.
    const bool over = Clock::now() >= end;
    if (trial.arrived() > 0) return false;
    if (over) return true;
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace

base::Result<Heard> listen(const Trial& trial, const Patience& patience) {
  const Clock::time_point end = Clock::now() + patience.effect;
  while (true) {
    TRY([[maybe_unused]] auto sent, trial.send());
    TRY(const bool decided, decided_before(trial, end));
    if (!decided) return trial.arrived() > 0 ? Heard::Something : Heard::Unknown;
    if (silent_until(trial, Clock::now() + patience.silence)) return Heard::Nothing;
    if (Clock::now() >= end) return Heard::Something;
  }
}

}  // namespace check::faults
