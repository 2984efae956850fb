// SPDX-License-Identifier: Apache-2.0
// raftsim: the shipping Raft in a world that breaks everything, deterministically.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "cli/number.h"
#include "cli/output.h"
#include "cli/parse.h"
#include "sim/shell/commands.h"
#include "sim/shell/explore_command.h"
#include "sim/shell/mutants.h"
#include "sim/shell/runs.h"

namespace {

constexpr const char* kFooter =
    "Exit codes:\n"
    "  0  valid\n"
    "  1  invalid: a judge saw a violation\n"
    "  2  unknown: the clients' history could not be decided\n"
    "  3  wrong usage, or this machine cannot do it: nothing was judged";

constexpr const char* kExploration = "Exploration";

void add_exploration(CLI::App& app, sim::shell::ExploreOptions& options) {
  auto* explore =
      app.add_flag("--explore", options.wanted, "Every state of a small cluster, breadth first");
  const auto number = [&](const char* name, std::uint64_t& value, const CLI::Range& range,
                          const char* text) {
    app.add_option(name, value, text)
        ->type_name("N")
        ->check(range)
        ->needs(explore)
        ->capture_default_str()
        ->group(kExploration);
  };
  const CLI::Range often(0, 255);
  number("--depth", options.depth, CLI::Range(1, 1'000'000), "Actions in a row");
  number("--timeouts", options.timeouts, often, "Elections that may be called");
  number("--heartbeats", options.heartbeats, often, "Heartbeats that leaders may send");
  number("--proposals", options.proposals, often, "Commands of clients");
  number("--crashes", options.crashes, often, "Crashes, each with its restart");
  number("--losses", options.losses, often, "Messages taken off the wire");
  number("--duplicates", options.duplicates, often, "Messages delivered that stay on the wire");
  number("--in-flight", options.in_flight, CLI::Range(1, 32), "Messages at once on the wire");
  number("--memory", options.memory_mib, CLI::Range(1, 1 << 20), "MiB for states");
  number("--time", options.seconds, CLI::Range(1, 1 << 20), "Seconds at most");
  app.add_option("--disks", options.disks,
                 "prompt: what is written is durable at once; slow: when a sync ends is a choice; "
                 "forgetful: a crash loses all")
      ->type_name("WORD")
      ->check(CLI::IsMember({"prompt", "slow", "forgetful"}))
      ->needs(explore)
      ->capture_default_str()
      ->group(kExploration);
}

struct Way {
  std::string name;
  std::vector<std::string> options;  // That it heeds, beside those of an exploration.
};

// How the program shall work.
Way way_of(const CLI::App& app) {
  const auto given = [&app](const char* option) { return app.count(option) > 0; };
  if (app.got_subcommand("merge")) return {"merge", {}};
  if (given("--explore")) return {"--explore", {"--explore", "--nodes", "--jobs"}};
  if (given("--sweep")) return {"--sweep", {"--sweep", "--nodes", "--events", "--jobs", "--out"}};
  if (given("--shrink")) return {"--shrink", {"--shrink", "--nodes", "--events", "--out"}};
  if (given("scenario")) return {"a scenario", {"scenario", "--trace", "--diagram"}};
  return {"the run of one seed",
          {"--seed", "--nodes", "--events", "--trace", "--diagram", "--applied"}};
}

// A sentence about an option that would be ignored; empty: there is none.
std::string on_ignored(const CLI::App& app) {
  const Way way = way_of(app);
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    const bool heeded = std::ranges::count(way.options, name) > 0 || name == "--mutant" ||
                        option->get_group() == kExploration;
    if (option->count() > 0 && !heeded) return name + " means nothing to " + way.name;
  }
  return {};
}

int work(int argc, char** argv) {
  sim::shell::RunOptions run;
  sim::shell::SweepOptions sweep;
  sim::shell::ShrinkOptions shrinking;
  sim::shell::ScenarioOptions scenario;
  sim::shell::ExploreOptions exploration;
  std::vector<std::string> files;
  CLI::App app("Runs the shipping Raft in a simulated world that breaks everything", "raftsim");
  auto* seed = app.add_option("--seed", run.seed, "Of all that is drawn")
                   ->type_name("N")
                   ->check(cli::is_number64())
                   ->capture_default_str();
  app.add_option("--nodes", run.shape.nodes, "Number of servers")
      ->type_name("N")
      ->check(CLI::Range(1, 32))
      ->capture_default_str();
  app.add_option("--events", run.shape.events, "Inputs of the phase with faults")
      ->type_name("N")
      ->check(cli::is_number64())
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str();
  auto* trace = app.add_flag("--trace", run.trace, "Print every event and effect");
  app.add_flag("--diagram", run.diagram, "Print the run as a Mermaid sequence chart")
      ->excludes(trace);
  app.add_option("--applied", run.applied,
                 "Write what each server applied, for seaworthy applied DIR/*")
      ->type_name("DIR");
  auto* range =
      app.add_option("--sweep", sweep.seeds, "All seeds from A to B, and what they come to")
          ->type_name("A..B")
          ->excludes(seed);
  app.add_option("--jobs", sweep.jobs,
                 "Processes of a sweep, threads of an exploration (default: the machine's cores)")
      ->type_name("J")
      ->check(CLI::Range(0, 256));
  app.add_option("--out", sweep.out,
                 "Of a sweep: a line for each seed, for merge. Of a shrinking: the scenario")
      ->type_name("FILE");
  auto* shrink = app.add_option("--shrink", shrinking.seed,
                                "Find a shortest list of actions that fails as this seed does")
                     ->type_name("SEED")
                     ->check(cli::is_number64())
                     ->excludes(seed)
                     ->excludes(range);
  auto* path = app.add_option("scenario", scenario.path, "A scenario file to play")
                   ->type_name("SCENARIO")
                   ->excludes(seed)
                   ->excludes(range)
                   ->excludes(shrink);
  CLI::App* merge = app.add_subcommand("merge", "Put the files of several sweeps together");
  merge->add_option("files", files, "Written by --sweep --out")->type_name("FILE")->required();
  add_exploration(app, exploration);
  sim::shell::add_mutant_options(app);
  app.footer(kFooter);
  if (const std::optional<int> code = cli::parse(app, argc, argv)) return *code;
  if (const std::string ignored = on_ignored(app); !ignored.empty()) {
    return sim::shell::refuse(ignored);
  }
  if (merge->parsed()) return sim::shell::merge_command(files);
  sweep.shape = shrinking.shape = run.shape;
  shrinking.out = sweep.out;
  scenario.trace = run.trace;
  scenario.diagram = run.diagram;
  exploration.nodes = run.shape.nodes;
  exploration.jobs = sweep.jobs;
  if (exploration.wanted) return sim::shell::explore_command(exploration);
  if (range->count() > 0) return sim::shell::sweep_command(sweep);
  if (shrink->count() > 0) return sim::shell::shrink_command(shrinking);
  if (path->count() > 0) return sim::shell::scenario_command(scenario);
  return sim::shell::run_command(run);
}

}  // namespace

int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): of a bad definition.
  cli::open_closed_streams();
  return cli::end("raftsim", work(argc, argv));
}
