// SPDX-License-Identifier: Apache-2.0
// Tries what a disk says of names (io/disk.h): all disks, real and not, must say the same.
#pragma once

#include <string>
#include <vector>

#include "io/disk.h"

namespace io::testing {

// What is wrong with it; nothing is left on it. Requires: it is empty.
std::vector<std::string> complaints_about_names(Disk& disk);

}  // namespace io::testing
