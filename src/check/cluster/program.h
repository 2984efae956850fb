// SPDX-License-Identifier: Apache-2.0
// Where the programs of a system under test lie on this machine, and what version they are.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace check::cluster {

// The absolute path of program `name`, which may be in a folder: "broken/raftkv". The first of
//   the environment variable SEAWORTHY_NAME ("SEAWORTHY_BROKEN_RAFTKV"), if set;
//   `name` beside the running executable;
//   for a name without a folder, PATH.
// The error says where it was not found and how to get it (`advice`: "apt-get install x"; may be
// empty).
base::Result<std::string> find_program(const std::string& name, const std::string& advice);

// The folder of the running executable.
std::string executable_folder();

// The first line of what the command prints, without `prefix`.
base::Result<std::string> version_line(const std::vector<std::string>& words,
                                       const std::string& prefix);

}  // namespace check::cluster
