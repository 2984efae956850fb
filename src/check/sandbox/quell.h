// SPDX-License-Identifier: Apache-2.0
// Signals to a whole host, until their effect has been seen. Each gives up with an error after five
// seconds.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "check/sandbox/child.h"
#include "check/sandbox/host.h"

namespace check::sandbox {

// The programs that the checker started on a host. Shared with their Process objects, because a
// host can be gone only when its last process was reaped, whoever holds the object.
using Children = std::vector<std::weak_ptr<Child>>;

// SIGKILL: no process but the host's init is left, not even a zombie.
base::Status kill_everything(Host& host, const Children& children);
// SIGSTOP: every thread is stopped.
base::Status stop_everything(Host& host, const Children& children);
// SIGCONT: no thread is stopped.
base::Status continue_everything(Host& host, const Children& children);

}  // namespace check::sandbox
