// SPDX-License-Identifier: Apache-2.0
// One plan in a sandbox of its own: run, judged from what was saved, and cleared away.
#pragma once

#include <string>

#include "base/result.h"
#include "check/run/check_run.h"

namespace check::run {

struct ContainedRun {
  CheckOptions options;
  plan::Plan plan;   // plan::check_applicable(), check_room().
  std::string path;  // Of the run directory.
  std::string repeat;
  Manner manner = {};
};

// Returns the exit code: of a verdict (judged()); or kExitSkipped or kExitAbandoned, with the
// reason on standard error. An error: the run could not start, or not be judged. Requires:
// hold_interrupts().
base::Result<int> run_contained(const ContainedRun& run);

// Whether the run in that folder was ended early by the user.
bool was_interrupted(const std::string& path);

}  // namespace check::run
