// SPDX-License-Identifier: Apache-2.0
// One run of a plan against a target, inside the sandbox: set-up, faults, recovery, read-back, and
// everything saved. Judging comes after, from what was saved.
#pragma once

#include <string>

#include "base/result.h"
#include "check/faults/stop.h"
#include "check/plan/plan.h"
#include "check/run/options.h"
#include "check/run/run_directory.h"
#include "check/run/run_facts.h"
#include "check/sandbox/sandbox.h"

namespace check::run {

struct RunRequest {
  CheckOptions options;
  plan::Plan plan;  // As it was read, with the command line's clients and keys.
  RunDirectory directory;
  sandbox::Support support;
  std::string repeat;
};

// Runs to the end, or to where `stop` ended it; the directory then holds what there is to judge.
// An error means that there is nothing to judge: the sentence says why.
// Requires: runs inside sandbox::contain().
base::Status execute(const RunRequest& request, faults::Stop& stop);

}  // namespace check::run
