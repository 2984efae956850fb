// SPDX-License-Identifier: Apache-2.0
// SIGTERM and SIGINT as something to read, so that no code runs inside a signal handler.
#pragma once

#include "base/result.h"
#include "os/fd.h"

namespace os {

// Blocks SIGTERM and SIGINT for this thread and returns a descriptor that becomes readable when one
// came. Also ignores SIGPIPE: writing to a closed socket is an error of that write.
base::Result<Fd> catch_stop_signals();

}  // namespace os
