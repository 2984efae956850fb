// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/quell.h"

#include <fmt/format.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace check::sandbox {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kLimit{5};
constexpr timespec kShortWait{0, 100'000};  // /proc cannot be waited for, only looked at.
// A thread may be in a system call that cannot be interrupted: waiting for a disk, or as parent in
// vfork(2) for a child that is stopped itself. After this time the signals are sent again.
constexpr std::chrono::milliseconds kAgain{50};

bool ended(const ProcessState& process) {
  return std::ranges::all_of(process.thread_states, [](char c) { return c == 'Z' || c == 'X'; });
}

bool stopped(const ProcessState& process) {
  return std::ranges::all_of(process.thread_states,
                             [](char c) { return c == 'T' || c == 't' || c == 'Z' || c == 'X'; });
}

bool runs(const ProcessState& process) {
  return process.thread_states.find('T') == std::string::npos;
}

void reap(const Children& children) {
  for (const std::weak_ptr<Child>& entry : children) {
    if (const std::shared_ptr<Child> child = entry.lock()) child->exited();
  }
}

// Sends `signals` in turn and returns when each process `has_obeyed`.
base::Status impose(Host& host, const Children& children, const std::vector<int>& signals,
                    bool (*has_obeyed)(const ProcessState&)) {
  const auto deadline = Clock::now() + kLimit;
  auto again = Clock::now() + kAgain;
  TRY([[maybe_unused]] const auto sent, host.signal_all(signals.back()));
  while (true) {
    reap(children);
    TRY(const std::vector<ProcessState> processes, host.processes());
    const auto disobeyed = std::ranges::find_if_not(processes, has_obeyed);
    if (disobeyed == processes.end()) return base::Done{};
    const auto now = Clock::now();
    if (now > deadline) {
      return base::Error{
          base::ErrorCode::Timeout,
          fmt::format("process {} of host {} is in state {} 5 s after signal {}", disobeyed->pid,
                      host.name(), disobeyed->thread_states, signals.back())};
    }
    if (now > again) {
      again = now + kAgain;
      for (const int signal : signals) {
        TRY([[maybe_unused]] const auto resent, host.signal_all(signal));
      }
    }
    ::nanosleep(&kShortWait, nullptr);
  }
}

}  // namespace

base::Status kill_everything(Host& host, const Children& children) {
  return impose(host, children, {SIGKILL}, [](const ProcessState&) { return false; });
}

base::Status stop_everything(Host& host, const Children& children) {
  return impose(host, children, {SIGCONT, SIGSTOP},
                [](const ProcessState& process) { return ended(process) || stopped(process); });
}

base::Status continue_everything(Host& host, const Children& children) {
  return impose(host, children, {SIGCONT}, runs);
}

}  // namespace check::sandbox
