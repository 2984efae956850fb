// SPDX-License-Identifier: Apache-2.0
// Why the kernel refused, in the words of the setting that has to change.
#pragma once

#include <string>

#include "base/result.h"
#include "check/sandbox/sandbox.h"

namespace check::sandbox {

// The error for a step ("make new namespaces") that failed with `number` on this way.
base::Error refused(Way way, const std::string& step, int number);

}  // namespace check::sandbox
