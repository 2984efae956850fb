// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <map>
#include <optional>

#include "cli/output.h"
#include "sim/shell/commands.h"
#include "sim/shell/result_file.h"
#include "sim/shell/runs.h"
#include "sim/shell/summary.h"

namespace sim::shell {

int merge_command(const std::vector<std::string>& files) {
  std::optional<Shape> shape;
  std::map<std::uint64_t, SeedResult> results;
  for (const std::string& path : files) {
    base::Result<ResultFile> file = read_results(path);
    if (!file.ok()) return refuse(file.error().message);
    const Shape& its = file.value().shape;
    if (shape && (shape->nodes != its.nodes || shape->events != its.events)) {
      return refuse(
          fmt::format("{}: of runs of {} nodes and {} events, the others are of {} and {}", path,
                      its.nodes, its.events, shape->nodes, shape->events));
    }
    shape = its;
    for (const SeedResult& result : file.value().results) {
      const auto [known, fresh] = results.emplace(result.seed, result);
      if (!fresh && known->second.hash != result.hash) {
        return refuse(
            fmt::format("{}: seed {} has another hash than in a file before", path, result.seed));
      }
    }
  }
  if (results.empty()) return refuse("there is no run in these files");
  Summary summary;
  for (const auto& [seed, result] : results) summary.add(result);
  cli::print("seed: {}..{}\nnodes: {}\nevents: {}\n", results.begin()->first,
             results.rbegin()->first, shape->nodes, shape->events);
  cli::print("{}verdict: {}\n", summary.text(*shape), check::verdict::name(summary.verdict()));
  return exit_code(summary.verdict());
}

}  // namespace sim::shell
