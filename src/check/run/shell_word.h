// SPDX-License-Identifier: Apache-2.0
// Words of a command that a user can paste into a shell, in whatever folder.
#pragma once

#include <string>

namespace check::run {

// One word for a shell. What names a file here does so from everywhere.
std::string shell_word(const std::string& word);

// This very program, however it was found.
std::string this_program();

}  // namespace check::run
