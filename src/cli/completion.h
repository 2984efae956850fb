// SPDX-License-Identifier: Apache-2.0
// A command line as a completion script for bash.
#pragma once

#include <string>

#include "cli/lists.h"
#include "cli/outline.h"

namespace cli {

std::string completion(const Outline& outline, const Lists& lists);

}  // namespace cli
