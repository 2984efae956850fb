// SPDX-License-Identifier: Apache-2.0
// `seaworthy check --search`: many short runs, each of a plan made from what the ones before it
// showed on the wire (docs/search.md).
#pragma once

#include <string>

#include "check/run/options.h"

namespace check::run {

struct SearchEnd {
  int code = 0;        // As of a run.
  std::string run;     // The search's folder, or that of the run that is invalid.
  std::string repeat;  // The command that does that again.
};

// Requires: hold_interrupts(); a seed; options.search_s. `path` of the search's folder, which is
// made.
SearchEnd search(const CheckOptions& options, const std::string& path);

}  // namespace check::run
