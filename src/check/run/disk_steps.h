// SPDX-License-Identifier: Apache-2.0
// The steps of a plan that strike disks, which not every machine lets happen.
#pragma once

#include <cstdint>

#include "check/plan/plan.h"

namespace check::run {

bool strikes_disks(const plan::Plan& plan);
// Returns how many there were.
std::uint64_t leave_out_disk_steps(plan::Plan& plan);

}  // namespace check::run
