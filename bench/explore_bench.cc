// SPDX-License-Identifier: Apache-2.0
// Distinct states per second of an exploration, beside the goal.
//
//   explore_bench [--depth D] [--timeouts T] ... [--jobs J]   one exploration of these bounds
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include "explore/explorer.h"

namespace {

void work_together(std::uint32_t jobs, const std::function<void(std::uint32_t)>& work) {
  std::vector<std::thread> threads;
  for (std::uint32_t i = 1; i < jobs; ++i) threads.emplace_back(work, i);
  work(0);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

int main(int argc, char** argv) {
  using std::chrono::steady_clock;
  explore::Bounds bounds;
  std::uint32_t jobs = 1;
  std::uint64_t seconds = 600;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    const auto small = static_cast<std::uint8_t>(value);
    if (name == "--nodes") bounds.nodes = small;
    if (name == "--depth") bounds.depth = static_cast<std::uint32_t>(value);
    if (name == "--timeouts") bounds.budget.timeouts = small;
    if (name == "--heartbeats") bounds.budget.heartbeats = small;
    if (name == "--proposals") bounds.budget.proposals = small;
    if (name == "--crashes") bounds.budget.crashes = small;
    if (name == "--losses") bounds.budget.losses = small;
    if (name == "--duplicates") bounds.budget.duplicates = small;
    if (name == "--flights") bounds.flights = small;
    if (name == "--disks") bounds.disks = explore::Disks{small};
    if (name == "--symmetry") bounds.symmetry = small != 0;
    if (name == "--memory") bounds.memory_bytes = value << 20U;
    if (name == "--jobs") jobs = small;
    if (name == "--time") seconds = value;
  }
  fmt::print("{}\n", explore::describe(bounds));
  const auto begin = steady_clock::now();
  const auto elapsed = [&begin] {
    return std::chrono::duration<double>(steady_clock::now() - begin).count();
  };
  std::uint32_t depth = 0;
  const explore::Report report =
      explore::run(bounds, jobs, work_together, [&](const explore::Progress& progress) {
        if (progress.depth != depth) {
          depth = progress.depth;
          fmt::print("depth {:2}: {} states, {} waiting, {:.1f} s\n", depth, progress.states,
                     progress.waiting, elapsed());
        }
        return elapsed() < static_cast<double>(seconds);
      });
  const double took = elapsed();
  for (const std::string& line : report.trace) fmt::print("  {}\n", line);
  if (report.violation) fmt::print("{}: {}\n", report.violation->rule, report.violation->sentence);
  fmt::print("{} at depth {} after {:.2f} s\n", explore::describe(report.finish),
             report.progress.depth, took);
  fmt::print("{} states, {} actions, {} crowded, {} server states, {} messages, {} steps\n",
             report.progress.states, report.progress.actions, report.crowded, report.server_states,
             report.messages, report.steps);
  fmt::print("{:.0f} states/s, {:.0f} a job; goal 300000\n",
             static_cast<double>(report.progress.states) / took,
             static_cast<double>(report.progress.states) / took / jobs);
  return report.violation ? 1 : 0;
}
