// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "base/check.h"
#include "cli/output.h"
#include "sim/diagram.h"
#include "sim/shell/applied_records.h"
#include "sim/shell/commands.h"
#include "sim/shell/runs.h"
#include "sim/world.h"

namespace sim::shell {

int run_command(const RunOptions& options) {
  const Options drawn = draw(options.seed, options.shape.nodes, options.shape.events);
  cli::print("seed: {}\n", options.seed);
  for (const std::string& line : describe(drawn)) cli::print("{}\n", line);
  std::fflush(stdout);
  const base::CheckContext context(repeat_command(options.seed, options.shape));
  World world(drawn);
  if (options.trace) {
    world.cluster().set_trace([&world](const std::string& line) {
      cli::print("{:>6} {:>10} {}\n", world.cluster().actions(), world.now_us(), line);
    });
  }
  std::optional<Diagram> diagram;
  if (options.diagram) diagram.emplace(world.cluster());
  std::optional<AppliedRecords> records;
  if (!options.applied.empty()) {
    base::Result<AppliedRecords> opened =
        AppliedRecords::open(options.applied, drawn.setup.nodes + drawn.setup.spares);
    if (!opened.ok()) {
      cli::print(stderr, "raftsim: {}\n", opened.error().message);
      return kUsage;
    }
    records.emplace(std::move(opened).value());
    world.cluster().set_applied(
        [&records](raft::NodeId node, const raft::Entry* entry) { records->add(node, entry); });
  }
  world.run();
  if (records) {
    if (const base::Status written = records->close(); !written.ok()) {
      cli::print(stderr, "raftsim: {}\n", written.error().message);
      return kUsage;
    }
  }
  if (diagram) cli::print("```mermaid\n{}```\n", diagram->text());
  const Cluster& cluster = world.cluster();
  if (const auto violation = world.violation()) {
    cli::print("violation: {}: {} (action {}, {} us, node {})\n", violation->judge,
               violation->sentence, violation->event, violation->time_us, violation->node);
  }
  if (!world.unknown().empty()) cli::print("unknown: {}\n", world.unknown());
  cli::print("inputs: {}\ndone: {}\ncommitted: {}\n", cluster.inputs(), cluster.clients().done(),
             cluster.judges().committed());
  cli::print("verdict: {}\n", check::verdict::name(world.verdict()));
  cli::print("repeat: {}\n", repeat_command(options.seed, options.shape));
  cli::print("hash: {:016x}\n", cluster.hash());
  return exit_code(world.verdict());
}

}  // namespace sim::shell
