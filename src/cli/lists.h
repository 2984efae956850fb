// SPDX-License-Identifier: Apache-2.0
// Words for completion that only the program knows when it runs: from an option's type_name to the
// arguments with which the program prints them, one a line, the word first.
//   {{"TARGET", "list targets"}, {"PLAN", "list plans"}}
#pragma once

#include <map>
#include <string>

namespace cli {

using Lists = std::map<std::string, std::string>;

}  // namespace cli
