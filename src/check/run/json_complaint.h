// SPDX-License-Identifier: Apache-2.0
// What is wrong with a JSON file of a run, without the words of the library that found it.
#pragma once

#include <exception>
#include <string>

#include "base/result.h"

namespace check::run {

// "run.json is not a run's facts as JSON: it breaks off or goes wrong at byte 17".
// `file` may name a line, too; `expected` is what it should be. Requires: the library threw it.
base::Error json_complaint(const std::string& file, const std::string& expected,
                           const std::exception& thrown);

}  // namespace check::run
