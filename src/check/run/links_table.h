// SPDX-License-Identifier: Apache-2.0
// links.json for people: the monitor's statistics, beside the verdict.
#pragma once

#include <string>

#include "base/result.h"

namespace check::run {

// A row for each sender, in kilobytes, from the text of a links.json; `file` is for messages.
base::Result<std::string> links_table(const std::string& text, const std::string& file);

}  // namespace check::run
