// SPDX-License-Identifier: Apache-2.0
// known.toml, the list of a target's known bugs (docs/formats/known.md). A run keeps a copy of the
// list in force, and is judged by that copy: now, later, and on another machine.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "check/run/run_directory.h"
#include "check/verdict/known.h"

namespace check::run {

// `file` is for messages: "FILE:LINE:COLUMN: what is wrong".
base::Result<std::vector<verdict::KnownBug>> read_known(const std::string& text,
                                                        const std::string& file);

// Copies the list of a target, if it has one, into the run's folder. An error if it is wrong.
base::Status keep_known(const std::string& target, const RunDirectory& directory);

// The list that a run kept; empty if there was none.
base::Result<std::vector<verdict::KnownBug>> kept_known(const RunDirectory& directory);

}  // namespace check::run
