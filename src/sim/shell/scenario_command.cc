// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <optional>
#include <string>

#include "base/check.h"
#include "cli/output.h"
#include "sim/diagram.h"
#include "sim/script.h"
#include "sim/shell/commands.h"
#include "sim/shell/runs.h"

namespace sim::shell {

namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20U;

}  // namespace

int scenario_command(const ScenarioOptions& options) {
  std::ifstream in(options.path);
  std::string text(kMostBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad() || text.empty()) return refuse(options.path + ": cannot be read, or is empty");
  if (text.size() > kMostBytes) return refuse(options.path + ": longer than 16 MiB");
  const base::Result<Scenario> scenario = parse_scenario(text);
  if (!scenario.ok()) return refuse(options.path + ":" + scenario.error().message);
  const base::CheckContext context("raftsim " + options.path);
  Script script(scenario.value());
  if (options.trace) {
    script.cluster().set_trace([&script](const std::string& line) {
      cli::print("{:>6} {}\n", script.cluster().actions(), line);
    });
  }
  std::optional<Diagram> diagram;
  if (options.diagram) diagram.emplace(script.cluster());
  script.run();
  if (diagram) cli::print("```mermaid\n{}```\n", diagram->text());
  const Cluster& cluster = script.cluster();
  if (cluster.violation()) {
    cli::print("violation: {}: {} (action {}, node {})\n", cluster.violation()->judge,
               cluster.violation()->sentence, cluster.actions(), cluster.violation()->node);
  }
  cli::print("inputs: {}\nverdict: {}\nrepeat: raftsim {}\nhash: {:016x}\n", cluster.inputs(),
             cluster.violation() ? "invalid" : "valid", options.path, cluster.hash());
  return cluster.violation() ? kInvalid : kValid;
}

}  // namespace sim::shell
