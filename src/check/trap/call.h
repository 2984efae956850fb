// SPDX-License-Identifier: Apache-2.0
// The system calls that can be trapped: those by which data come to a file, and are made to stay.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>

namespace check::trap {

enum class Call : std::uint8_t { Fsync, Fdatasync, Write, Pwrite64, Writev, Pwritev, Ftruncate };
using Calls = std::set<Call>;

inline const Calls kSyncs{Call::Fsync, Call::Fdatasync};
inline const Calls kWrites{Call::Write, Call::Pwrite64, Call::Writev, Call::Pwritev,
                           Call::Ftruncate};

std::string_view name(Call call);  // "fdatasync"
// What seccomp_data::nr is for it here.
int number(Call call);
std::optional<Call> call_of(int number);
constexpr bool is_sync(Call call) { return call == Call::Fsync || call == Call::Fdatasync; }

}  // namespace check::trap
