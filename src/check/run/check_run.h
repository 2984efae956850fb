// SPDX-License-Identifier: Apache-2.0
// One run of a plan against a target, inside the sandbox: set-up, faults, recovery, read-back, and
// everything saved. Judging comes after, from what was saved.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "check/faults/stop.h"
#include "check/plan/plan.h"
#include "check/run/options.h"
#include "check/run/run_directory.h"
#include "check/run/run_facts.h"
#include "check/sandbox/sandbox.h"

namespace check::run {

// How a run that is one of many may differ from one that a user asked for.
struct Manner {
  // Known from an earlier run of this target: not measured again.
  std::optional<std::uint64_t> election_timeout_ms;
  bool quiet = false;  // No progress, no summary.
  // Checkers: once one of them has proven a violation, the run ends. Empty: it goes on.
  std::set<std::string> stop_at = {};
  bool ends_with_faults = false;  // Does not wait for --time when all lanes and rules are done.
  bool recovers = true;           // Sees whether the system comes back, and reads everything back.
  // Not begun if its rules need what the machine does not let be.
  bool skip_impossible = false;
};

struct RunRequest {
  CheckOptions options;
  plan::Plan plan;  // As it was read, with the command line's clients and keys.
  RunDirectory directory;
  sandbox::Support support;
  std::string repeat;
  Manner manner = {};
};

// Runs to the end, or to where `stop` ended it; the directory then holds what there is to judge.
// An error means that there is nothing to judge: the sentence says why.
// Requires: runs inside sandbox::contain().
base::Status execute(const RunRequest& request, faults::Stop& stop);

}  // namespace check::run
