// SPDX-License-Identifier: Apache-2.0
// The machine code that takes the place of a program's own functions for the wall clock. It finds
// its data one page before itself, so it may lie anywhere.
#pragma once

#include <cstddef>
#include <string_view>

namespace check::clock {

// Empty where the checker is not built for x86-64.
std::string_view trampoline();

// Where in it the functions begin: they take the arguments of clock_gettime(2), gettimeofday(2) and
// time(2). Only CLOCK_REALTIME, its coarse form and CLOCK_TAI are changed; other clocks are the
// kernel's.
struct Entries {
  std::size_t clock_gettime = 0;
  std::size_t gettimeofday = 0;
  std::size_t time = 0;
};
Entries entries();

}  // namespace check::clock
