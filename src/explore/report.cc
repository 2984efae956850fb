// SPDX-License-Identifier: Apache-2.0
#include "explore/report.h"

#include "base/check.h"

namespace explore {

std::string describe(Finish finish) {
  switch (finish) {
    case Finish::Violated:
      return "a rule is broken";
    case Finish::Exhausted:
      return "nothing is left within the bounds";
    case Finish::Depth:
      return "the depth is reached; there is more behind it";
    case Finish::Memory:
      return "the memory is full; what lies deeper was not seen";
    case Finish::Stopped:
      return "the time is up; what lies deeper was not seen";
  }
  CHECK(false);
  return {};
}

std::string describe(Disks disks) {
  switch (disks) {
    case Disks::Prompt:
      return "prompt";
    case Disks::Slow:
      return "slow";
    case Disks::Forgetful:
      return "forgetful";
  }
  CHECK(false);
  return {};
}

std::string describe(const Bounds& bounds) {
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  const Budget& budget = bounds.budget;
  return "nodes=" + number(bounds.nodes) + " depth=" + number(bounds.depth) +
         " timeouts=" + number(budget.timeouts) + " heartbeats=" + number(budget.heartbeats) +
         " proposals=" + number(budget.proposals) + " crashes=" + number(budget.crashes) +
         " losses=" + number(budget.losses) + " duplicates=" + number(budget.duplicates) +
         " in-flight=" + number(bounds.flights) + " disks=" + describe(bounds.disks) +
         " symmetry=" + (bounds.symmetry ? "yes" : "no") +
         " memory-mib=" + number(bounds.memory_bytes >> 20U);
}

}  // namespace explore
