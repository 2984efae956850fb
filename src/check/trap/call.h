// SPDX-License-Identifier: Apache-2.0
// The system calls that can be trapped: those by which data come to a file, and are made to stay.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>

namespace check::trap {

// DurablePwrite64: of a file opened with O_DSYNC; what it writes stays, as if a sync came with it.
// Msync: of a file's pages, and the program waits for it (MS_SYNC).
enum class Call : std::uint8_t {
  Fsync,
  Fdatasync,
  Write,
  Pwrite64,
  Writev,
  Pwritev,
  Ftruncate,
  DurablePwrite64,
  Msync
};
using Calls = std::set<Call>;

inline const Calls kSyncs{Call::Fsync, Call::Fdatasync, Call::DurablePwrite64, Call::Msync};
inline const Calls kWrites{Call::Write, Call::Pwrite64, Call::Writev, Call::Pwritev,
                           Call::Ftruncate};

std::string_view name(Call call);  // "fdatasync"
// What seccomp_data::nr is for it here.
int number(Call call);
// Never DurablePwrite64: the number does not tell (on_behalf.h).
std::optional<Call> call_of(int number);
constexpr bool is_sync(Call call) {
  return call == Call::Fsync || call == Call::Fdatasync || call == Call::Msync;
}

}  // namespace check::trap
