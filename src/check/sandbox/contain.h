// SPDX-License-Identifier: Apache-2.0
// contain() for what is over at once.
#pragma once

#include <functional>

#include "base/result.h"
#include "check/sandbox/sandbox.h"

namespace check::sandbox {

// As contain(), but no signal is passed on: those that come, or wait, are the caller's own.
base::Result<int> contain_briefly(const Support& support, const std::function<int()>& body);

}  // namespace check::sandbox
