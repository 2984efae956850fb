// SPDX-License-Identifier: Apache-2.0
// A trapped call, seen from outside of the program that makes it: which file it is about, what it
// would return, and doing it in the program's place.
//
// What is read of the program (its descriptors, its memory) is right only if it still waits in the
// call afterwards: Listener::waits().
#pragma once

#include <linux/seccomp.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "check/trap/call.h"

namespace check::trap {

// As /proc shows it: a path, or such as "socket:[17]"; empty if there is none. Of an msync, the
// file of which its first page is; empty if it does not wait until the pages are written.
std::string path_of(const seccomp_notif& call);

// Whether what it writes is durable when it returns: its file was opened with O_DSYNC.
bool is_durable(const seccomp_notif& call);

// What the call returns if it does all it is asked for.
base::Result<std::int64_t> full_result(const seccomp_notif& call, Call which);

// Does it, on the same open file; an error if it fails or stops half-way. An msync becomes a sync
// of the whole file.
base::Status perform(const seccomp_notif& call, Call which);

}  // namespace check::trap
