// SPDX-License-Identifier: Apache-2.0
// What is known of a run before it begins.
#pragma once

#include "check/run/check_run.h"
#include "check/run/run_facts.h"

namespace check::run {

// Requires: a seed.
RunFacts first_facts(const RunRequest& request);

}  // namespace check::run
