// SPDX-License-Identifier: Apache-2.0
// The plans that come with the program, and those a user wrote.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "check/plan/plan.h"

namespace check::run {

// The folder of shipped plans: $SEAWORTHY_PLANS, else beside the program (source tree or
// installed).
base::Result<std::string> plans_folder();

// The shipped plan of that name ("standard", or "external/sanity", or just "sanity"), or the plan
// in a file (anything with a `/` that exists, or ending in .toml).
base::Result<plan::Plan> load_plan(const std::string& name_or_file);

// Every shipped plan, in order of name. `path` is what load_plan() takes.
struct ShippedPlan {
  std::string path;  // "external/sanity"
  std::string about;
};
base::Result<std::vector<ShippedPlan>> shipped_plans();

// The plans of a suite, in order: the folder plans/SUITE.
base::Result<std::vector<std::string>> plans_of_suite(const std::string& suite);

}  // namespace check::run
