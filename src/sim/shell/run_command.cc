// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <optional>

#include "base/check.h"
#include "sim/diagram.h"
#include "sim/shell/applied_records.h"
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
  std::optional<Diagram> diagram;
  if (options.diagram) diagram.emplace(world.cluster());
  std::optional<AppliedRecords> records;
  if (!options.applied.empty()) {
    base::Result<AppliedRecords> opened =
        AppliedRecords::open(options.applied, drawn.setup.nodes + drawn.setup.spares);
    if (!opened.ok()) {
      fmt::print(stderr, "raftsim: {}\n", opened.error().message);
      return kUsage;
    }
    records.emplace(std::move(opened).value());
    world.cluster().set_applied(
        [&records](raft::NodeId node, const raft::Entry* entry) { records->add(node, entry); });
  }
  world.run();
  if (records) {
    if (const base::Status written = records->close(); !written.ok()) {
      fmt::print(stderr, "raftsim: {}\n", written.error().message);
      return kUsage;
    }
  }
  if (diagram) fmt::print("```mermaid\n{}```\n", diagram->text());
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
