// SPDX-License-Identifier: Apache-2.0
// The steps and actions of a plan that not every machine lets happen.
#pragma once

#include <cstdint>

#include "check/plan/plan.h"

namespace check::run {

using OfKind = bool (*)(plan::FaultKind);

bool has_steps(const plan::Plan& plan, OfKind of_kind);
// Whether a rule does what such a fault does.
bool has_actions(const plan::Plan& plan, OfKind of_kind);
// Returns how many there were.
std::uint64_t leave_out_steps(plan::Plan& plan, OfKind of_kind);

}  // namespace check::run
