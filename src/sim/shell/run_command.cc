// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include "base/check.h"
#include "sim/shell/commands.h"
#include "sim/shell/runs.h"
#include "sim/world.h"

namespace sim::shell {

int run_command(const RunOptions& options) {
  const Options drawn = draw(options.seed, options.shape.nodes, options.shape.events);
  fmt::print("seed: {}\n", options.seed);
  for (const std::string& line : describe(drawn)) fmt::print("{}\n", line);
  std::fflush(stdout);
  const base::CheckContext context(repeat_command(options.seed, options.shape));
  World world(drawn);
  if (options.trace) {
    world.cluster().set_trace([&world](const std::string& line) {
      fmt::print("{:>6} {:>10} {}\n", world.cluster().actions(), world.now_us(), line);
    });
  }
  world.run();
  const Cluster& cluster = world.cluster();
  if (const auto violation = world.violation()) {
    fmt::print("violation: {}: {} (action {}, {} us, node {})\n", violation->judge,
               violation->sentence, violation->event, violation->time_us, violation->node);
  }
  if (!world.unknown().empty()) fmt::print("unknown: {}\n", world.unknown());
  fmt::print("inputs: {}\ndone: {}\ncommitted: {}\n", cluster.inputs(), cluster.clients().done(),
             cluster.judges().committed());
  fmt::print("verdict: {}\n", check::verdict::name(world.verdict()));
  fmt::print("repeat: {}\n", repeat_command(options.seed, options.shape));
  fmt::print("hash: {:016x}\n", cluster.hash());
  return exit_code(world.verdict());
}

}  // namespace sim::shell
