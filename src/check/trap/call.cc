// SPDX-License-Identifier: Apache-2.0
#include "check/trap/call.h"

#include <sys/syscall.h>

#include <algorithm>
#include <array>

namespace check::trap {

namespace {

struct Row {
  Call call;
  int number;
  std::string_view name;
};
constexpr std::array kRows{
    Row{Call::Fsync, SYS_fsync, "fsync"},
    Row{Call::Fdatasync, SYS_fdatasync, "fdatasync"},
    Row{Call::Write, SYS_write, "write"},
    Row{Call::Pwrite64, SYS_pwrite64, "pwrite64"},
    Row{Call::Writev, SYS_writev, "writev"},
    Row{Call::Pwritev, SYS_pwritev, "pwritev"},
    Row{Call::Ftruncate, SYS_ftruncate, "ftruncate"},
    Row{Call::DurablePwrite64, SYS_pwrite64, "durable pwrite64"},
    Row{Call::Msync, SYS_msync, "msync"},
};

}  // namespace

std::string_view name(Call call) { return std::ranges::find(kRows, call, &Row::call)->name; }

int number(Call call) { return std::ranges::find(kRows, call, &Row::call)->number; }

std::optional<Call> call_of(int number) {
  const auto* const row = std::ranges::find(kRows, number, &Row::number);
  if (row == kRows.end()) return std::nullopt;
  return row->call;
}

}  // namespace check::trap
