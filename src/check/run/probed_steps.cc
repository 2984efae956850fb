// SPDX-License-Identifier: Apache-2.0
#include "check/run/probed_steps.h"

#include <algorithm>

namespace check::run {

bool has_steps(const plan::Plan& plan, OfKind of_kind) {
  return std::ranges::any_of(plan.lanes, [of_kind](const plan::Lane& lane) {
    return std::ranges::any_of(
        lane.steps, [of_kind](const plan::Step& step) { return of_kind(step.fault.kind); });
  });
}

bool has_actions(const plan::Plan& plan, OfKind of_kind) {
  return std::ranges::any_of(plan.rules, [of_kind](const plan::Rule& rule) {
    return std::ranges::any_of(rule.actions, [of_kind](const plan::Action& action) {
      const auto fault = plan::fault_of(action.kind);
      return fault && of_kind(*fault);
    });
  });
}

std::uint64_t leave_out_steps(plan::Plan& plan, OfKind of_kind) {
  std::uint64_t count = 0;
  for (plan::Lane& lane : plan.lanes) {
    count += std::erase_if(lane.steps,
                           [of_kind](const plan::Step& step) { return of_kind(step.fault.kind); });
  }
  return count;
}

}  // namespace check::run
