// SPDX-License-Identifier: Apache-2.0
// A child that has just executed a program and not run an instruction of it: its memory, its
// registers, and calls made in its name. ptrace(2) answers only to the thread that started it.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace check::clock {

// Of a process that need not be traced, nor stand still.
base::Result<std::string> read_memory(pid_t pid, std::uint64_t address, std::size_t size);

class Traced {
 public:
  // A program that is traced stops within moments, also on a machine that has no time for it.
  static constexpr std::chrono::milliseconds kStopLimit{10'000};

  // Waits until the child, which asked to be traced (PTRACE_TRACEME), stands behind its execve(2).
  // The calling thread is its tracer.
  static base::Result<Traced> wait_for(pid_t child, std::chrono::milliseconds limit = kStopLimit);

  // It goes on, and nobody traces it any more.
  base::Status let_go() const;

  base::Result<std::uint64_t> vdso() const;  // Address; an error if it has none.
  base::Result<std::string> read(std::uint64_t address, std::size_t size) const;
  // Also to pages that the program itself may not write.
  base::Status write(std::uint64_t address, std::string_view bytes) const;

  using Arguments = std::array<std::uint64_t, 6>;
  // The result of a system call made in its name; what it returns (-errno) is no error here.
  base::Result<std::int64_t> system_call(long number, const Arguments& arguments) const;
  // The result of a function of two arguments called in its name.
  base::Result<std::uint64_t> call(std::uint64_t function, std::uint64_t first,
                                   std::uint64_t second) const;
  // Unused room below its stack, 256 bytes.
  base::Result<std::uint64_t> scratch() const;

 private:
  explicit Traced(pid_t pid) : pid_(pid) {}

  pid_t pid_;
};

}  // namespace check::clock
