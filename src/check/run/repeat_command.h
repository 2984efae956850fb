// SPDX-License-Identifier: Apache-2.0
// The command that does the same again.
#pragma once

#include <string>

#include "check/run/options.h"

namespace check::run {

// For a shell in this folder. It names this very program, however it was found. Requires: a seed.
std::string repeat_command(const CheckOptions& options);

}  // namespace check::run
