// SPDX-License-Identifier: Apache-2.0
// A run directory as something to do again: its plan by points (check/shrink), and what it was
// convicted of. It may come from anywhere: all that is read is checked, and judged anew.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "check/plan/plan.h"
#include "check/run/check_run.h"
#include "check/run/run_directory.h"
#include "check/run/run_facts.h"

namespace check::run {

struct Recording {
  RunFacts facts;
  plan::Plan plan;                  // By points; nothing of what struck after the violation.
  std::uint64_t planned = 0;        // Faults that struck in all, and rules.
  std::set<std::string> convicted;  // Every checker with a violation.
  // Those that reruns look for: what is not known where there is such, and what can be proven while
  // a run goes on where there is such.
  std::set<std::string> wanted;
  bool needs_recovery = false;  // To prove what is wanted.
  std::uint32_t proof_s = 0;    // When the violation was there, in seconds of the clients' work.
};

// An error names the file, and the line where it has lines.
base::Result<Recording> load_recording(const RunDirectory& directory);

// The options and the manner in which it is done again: as recorded, but with no faults' time to
// wait for, and no longer than until a violation that is wanted.
CheckOptions options_of(const Recording& recording);
Manner manner_of(const Recording& recording);

}  // namespace check::run
