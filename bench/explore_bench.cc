// SPDX-License-Identifier: Apache-2.0
// Distinct states that an exploration finds in a second of one core, beside the goal: with the
// bounds of `raftsim --explore`, and with room on the wire for everything.
#include <fmt/core.h>

#include <ctime>

#include "explore/explorer.h"

namespace {

constexpr double kGoal = 100'000;
constexpr double kWish = 300'000;

// Of the processor, not of the clock on the wall: other programs run, too.
double processor_seconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

bool measure(const explore::Bounds& bounds) {
  const double begin = processor_seconds();
  const explore::Report report =
      explore::run(bounds, 1, explore::work_alone, explore::watch_nothing);
  const double took = processor_seconds() - begin;
  const double rate = static_cast<double>(report.progress.states) / took;
  fmt::print("{}\n  {} states, {} actions, {} runs of the core in {:.2f} s of one core\n",
             explore::describe(bounds), report.progress.states, report.progress.actions,
             report.steps, took);
  fmt::print("  {:.0f} states a second (at least {:.0f}, better {:.0f})\n", rate, kGoal, kWish);
  return rate >= kGoal;
}

}  // namespace

int main() {
  explore::Bounds narrow;
  narrow.depth = 20;
  narrow.flights = 5;
  narrow.budget.timeouts = 4;
  explore::Bounds wide;
  wide.depth = 18;
  explore::Bounds slow = narrow;
  slow.depth = 16;
  slow.disks = explore::Disks::Slow;
  slow.budget.crashes = 1;
  bool all = true;
  for (const explore::Bounds& bounds : {narrow, wide, slow}) all = measure(bounds) && all;
  return all ? 0 : 1;
}
