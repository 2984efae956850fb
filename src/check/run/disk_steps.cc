// SPDX-License-Identifier: Apache-2.0
#include "check/run/disk_steps.h"

#include <algorithm>

namespace check::run {

namespace {

bool strikes_disk(const plan::Step& step) { return plan::strikes_disk(step.fault.kind); }

}  // namespace

bool strikes_disks(const plan::Plan& plan) {
  return std::ranges::any_of(plan.lanes, [](const plan::Lane& lane) {
    return std::ranges::any_of(lane.steps, strikes_disk);
  });
}

std::uint64_t leave_out_disk_steps(plan::Plan& plan) {
  std::uint64_t count = 0;
  for (plan::Lane& lane : plan.lanes) count += std::erase_if(lane.steps, strikes_disk);
  return count;
}

}  // namespace check::run
