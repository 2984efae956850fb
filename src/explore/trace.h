// SPDX-License-Identifier: Apache-2.0
// A list of actions, taken again from the empty cluster and told in words.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "explore/bounds.h"
#include "explore/state.h"

namespace explore {

// Requires: each action is possible where it stands, as it was when an explorer took it.
std::vector<std::string> tell(const Bounds& bounds, std::span<const Action> actions);

}  // namespace explore
