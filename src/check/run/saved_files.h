// SPDX-License-Identifier: Apache-2.0
// Whether a run's folder still has all that the run wrote: what was cut off or deleted since says
// nothing, and that is no reason to believe the rest.
#pragma once

#include <optional>

#include "check/run/judge.h"
#include "check/run/run_directory.h"
#include "check/verdict/finding.h"

namespace check::run {

// The opinion "files", unknown, with what is missing; nothing if nothing is. Of history.jsonl and
// audit.json liveness and traffic say it. A run that was killed never knew what it had written.
std::optional<verdict::Finding> find_missing(const RunDirectory& directory,
                                             const Evidence& evidence);

}  // namespace check::run
