// SPDX-License-Identifier: Apache-2.0
// The environment in which a Command runs: what the checker has, with what the command adds.
#pragma once

#include <string>
#include <vector>

#include "check/cluster/hosts.h"

namespace check::cluster {

// "NAME=value" for each; what the command adds replaces what the checker has under that name.
std::vector<std::string> whole_environment(const Command& command);

// As execve(2) and its like take them: pointers into `words`, and null.
std::vector<char*> pointers_to(std::vector<std::string>& words);

}  // namespace check::cluster
