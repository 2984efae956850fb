// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <fstream>

#include "base/check.h"
#include "cli/output.h"
#include "sim/scenario.h"
#include "sim/script.h"
#include "sim/shell/commands.h"
#include "sim/shell/isolated.h"
#include "sim/shell/runs.h"
#include "sim/shrink.h"

namespace sim::shell {

namespace {

constexpr unsigned kRunLimitS = 60;
constexpr unsigned kScriptLimitS = 5;

// What the run of the seed was, as a list; also if it ended in a failed CHECK.
base::Result<Scenario> record(std::uint64_t seed, const Shape& shape) {
  const Options drawn = draw(seed, shape.nodes, shape.events);
  const auto work = [&](const Write& write) {
    World world(drawn);
    world.cluster().set_watch(
        {[&](const Action& action) {
           write(fmt::format("{} {}\n", world.cluster().actions() + 1, describe(action)));
         },
         {}});
    world.run();
  };
  TRY(const Isolated ran, run_isolated(work, kRunLimitS));
  Scenario scenario;
  scenario.setup = drawn.setup;
  // Numbers alone: the actions follow the options.
  TRY(Scenario recorded, parse_scenario(describe(scenario) + ran.output));
  return recorded;
}

// The judge that sees a violation in it; "check" if the server's own code stops it; or nothing.
std::string judge_of(const Scenario& scenario) {
  const auto work = [&scenario](const Write& write) {
    Script script(scenario);
    script.run();
    if (script.cluster().violation()) write(script.cluster().violation()->judge);
  };
  const base::Result<Isolated> ran = run_isolated(work, kScriptLimitS);
  if (!ran.ok()) return {};
  return ran.value().finished ? ran.value().output : "check";
}

}  // namespace

int shrink_command(const ShrinkOptions& options) {
  cli::print("seed: {}\n", options.seed);
  std::fflush(stdout);
  base::Result<Scenario> recorded = record(options.seed, options.shape);
  if (!recorded.ok()) return refuse(recorded.error().message);
  Scenario scenario = std::move(recorded).value();
  scenario.expect = judge_of(scenario);
  if (scenario.expect.empty()) {  // Perhaps it is only that nothing goes on.
    scenario.rest = true;
    scenario.expect = judge_of(scenario);
  }
  if (scenario.expect.empty()) {
    return refuse(
        fmt::format("seed {} does not fail as a list of actions: there is nothing to "
                    "shrink",
                    options.seed));
  }
  const std::size_t before = scenario.actions.size();
  std::uint64_t tries = 0;
  const std::string judge = scenario.expect;
  scenario = renumbered(shrink(std::move(scenario), [&](const Scenario& candidate) {
    tries += 1;
    return judge_of(candidate) == judge;
  }));
  cli::print(stderr, "{} actions of {} are left after {} runs\n", scenario.actions.size(), before,
             tries);
  const std::string text =
      fmt::format("# SPDX-License-Identifier: Apache-2.0\n# From {}\n{}",
                  repeat_command(options.seed, options.shape), describe(scenario));
  if (options.out.empty()) {
    cli::print("{}", text);
  } else {
    std::ofstream out(options.out);
    out << text;
    out.close();
    if (!out) return refuse(options.out + ": cannot be written");
  }
  cli::print("verdict: invalid\n");
  if (!options.out.empty()) cli::print("repeat: raftsim {}\n", options.out);
  return kInvalid;
}

}  // namespace sim::shell
