// SPDX-License-Identifier: Apache-2.0
// The steady clock, the wall clock for log lines, and entropy for seeds.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace os {

// Time since some moment before the process started; never goes back, is not set by anybody, and
// counts what the machine slept (CLOCK_BOOTTIME).
std::chrono::nanoseconds steady_now();

// "2026-05-01T12:00:00.123456Z".
std::string wall_clock_text();

// 64 bits nobody can guess. Ends the process if the kernel gives none.
std::uint64_t entropy();

}  // namespace os
