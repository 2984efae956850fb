// SPDX-License-Identifier: Apache-2.0
// Whole lines at the end of a file.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace check::run {

// A new file for lines; an error if it exists.
base::Result<int> create_line_file(const std::string& path);

// Writes all of `lines`, or says why not.
base::Status append_lines(int fd, std::string_view lines, const std::string& path);

}  // namespace check::run
