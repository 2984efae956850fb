// SPDX-License-Identifier: Apache-2.0
// probe(): a child executes this very program, is patched before its first instruction, and killed
// there.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "check/clock/clocks.h"

namespace check::clock {

namespace {

constexpr std::chrono::hours kSomeTime{1};

// Only system calls: the parent may have had threads.
[[noreturn]] void stand_behind_execve(int memory) {
  char word[] = "seaworthy";
  char* const words[] = {word, nullptr};
  char* const nothing[] = {nullptr};
  const bool given = memory == kMemoryDescriptor ? ::fcntl(memory, F_SETFD, 0) == 0
                                                 : ::dup2(memory, kMemoryDescriptor) >= 0;
  if (given && ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) {
    ::execve("/proc/self/exe", words, nothing);
  }
  ::_exit(errno);
}

}  // namespace

base::Status probe() {
  TRY(const auto clock, NodeClock::make());
  clock->jump(kSomeTime);
  const pid_t child = ::fork();
  if (child < 0) return sandbox::system_error("cannot make a process");
  if (child == 0) stand_behind_execve(clock->memory());
  const auto patched = patch_and_wait(child, *clock);
  ::kill(child, SIGKILL);
  while (::waitpid(child, nullptr, __WALL) < 0 && errno == EINTR) {
  }
  if (patched.ok()) return base::Done{};
  return base::Error{base::ErrorCode::Unavailable,
                     "the clock of a program cannot be changed here: " + patched.error().message +
                         " (it needs ptrace(2) of own children)"};
}

}  // namespace check::clock
