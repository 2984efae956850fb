// SPDX-License-Identifier: Apache-2.0
// Puts a program under a node's clock before its first instruction.
//
//   vDSO: clock_gettime --jmp--> trampoline (code page) --> system call, then + what the page says
//
// Its own library of the kernel is changed, so it works for static Go programs as for C, for all
// their threads and the processes they fork; not behind another execve(2).
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/result.h"
#include "check/clock/node_clock.h"

namespace check::clock {

// The descriptor under which the program has the clock's memory until it is patched.
constexpr int kMemoryDescriptor = 3;

// Where what was changed lies in the program.
struct Patched {
  pid_t pid = -1;
  std::uint64_t page = 0;
  std::uint64_t function = 0;  // clock_gettime.
};

// Lets the child go on when its clock is the node's; that was tried by a call in its name.
// Requires: it was started by this thread, traced, with the clock's memory as kMemoryDescriptor.
base::Result<Patched> patch(pid_t child, const NodeClock& clock);
// The same, but the child is left where it stands.
base::Result<Patched> patch_and_wait(pid_t child, const NodeClock& clock);

// Whether the program still is what was patched, and reads what the clock says now: by its memory.
base::Status confirm(const Patched& patched, const NodeClock& clock);

}  // namespace check::clock
