// SPDX-License-Identifier: Apache-2.0
// What the init process of a contained run sets up in its new namespaces.
#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "check/sandbox/sandbox.h"

namespace check::sandbox {

// A folder that exists in contained runs only: their private /run holds it.
inline constexpr const char* kPrivateFolder = "/run/seaworthy";

struct Identity {
  uid_t user = 0;
  gid_t group = 0;
};
// Of the calling process; to be read before it enters a user namespace.
Identity current_identity();

// Requires: the calling process is alone in new namespaces. In a new user namespace it becomes root
// there; then private mounts, /proc, /run, forwarding of packets, the loopback interface.
base::Status set_up_spaces(Way way, const Identity& identity);

}  // namespace check::sandbox
