// SPDX-License-Identifier: Apache-2.0
// verdict.json, read again.
#pragma once

#include <set>
#include <string>

#include "base/result.h"

namespace check::run {

// The checkers that found a violation. `file` is for messages.
base::Result<std::set<std::string>> convicting_checkers(const std::string& text,
                                                        const std::string& file);

}  // namespace check::run
