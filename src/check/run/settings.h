// SPDX-License-Identifier: Apache-2.0
// How a run sets its target: by --set, and by what the plan wishes.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "check/cluster/knob.h"
#include "check/plan/plan.h"

namespace check::run {

// "NAME=VALUE", each. An error if one is not written so, or comes twice.
base::Result<cluster::Settings> parse_settings(const std::vector<std::string>& pairs);

// `set`, and beside it what the plan wishes, in the target's words. An error if the target has
// nothing that the plan wishes: Unavailable.
base::Result<cluster::Settings> resolved_settings(const std::string& target, cluster::Settings set,
                                                  const plan::Plan& plan);

// "snapshot-count=100, pre-vote=true"
std::string describe(const cluster::Settings& settings);

}  // namespace check::run
