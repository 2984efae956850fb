// SPDX-License-Identifier: Apache-2.0
// TOML text -> plan::Document. The only file that knows the TOML library.
#pragma once

#include <string>

#include "base/result.h"
#include "check/plan/document.h"

namespace check::run {

// `file` is for messages. The error is "FILE:LINE:COLUMN: what is wrong".
base::Result<plan::Document> read_toml(const std::string& text, const std::string& file);

}  // namespace check::run
