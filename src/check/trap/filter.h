// SPDX-License-Identifier: Apache-2.0
// The seccomp filter that a trapped program runs under.
#pragma once

#include <linux/filter.h>

#include <vector>

#include "check/trap/call.h"

namespace check::trap {

// Notifies of `calls`; everything else goes on as it was, but for io_uring_setup, which does not
// exist any more (ENOSYS): by a ring a program would write and sync without any such call. Calls in
// the manner of another architecture (32 bits) are not trapped.
std::vector<sock_filter> filter_for(const Calls& calls);

}  // namespace check::trap
