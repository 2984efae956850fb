// SPDX-License-Identifier: Apache-2.0
// Stores what the leader sends, and says so when it is on the disk. Blocks: it has nothing else to
// do. What arrived while it wrote is the next write.
#pragma once

#include <cstdint>

#include "ceiling_log.h"

namespace ceiling {

// Serves the one leader that connects, until it goes.
int follow(Log& log, std::uint16_t port);

}  // namespace ceiling
