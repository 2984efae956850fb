// SPDX-License-Identifier: Apache-2.0
// raftsim: the shipping Raft in a world that breaks everything, deterministically.
#include <CLI/CLI.hpp>

#include "cli/parse.h"
#include "sim/shell/commands.h"

namespace {

constexpr const char* kFooter =
    "Exit codes:\n"
    "  0  valid\n"
    "  1  invalid: a judge saw a violation\n"
    "  2  unknown: the clients' history could not be decided\n"
    "  3  wrong usage, or this machine cannot do it: nothing was judged";

}  // namespace

int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): of a bad definition.
  sim::shell::RunOptions run;
  CLI::App app("Runs the shipping Raft in a simulated world that breaks everything", "raftsim");
  app.add_option("--seed", run.seed, "Of all that is drawn")->type_name("N");
  app.add_option("--nodes", run.shape.nodes, "Number of servers")
      ->type_name("N")
      ->check(CLI::Range(1, 32))
      ->capture_default_str();
  app.add_option("--events", run.shape.events, "Inputs of the phase with faults")
      ->type_name("N")
      ->capture_default_str();
  app.add_flag("--trace", run.trace, "Print every event and effect");
  app.footer(kFooter);
  if (const std::optional<int> code = cli::parse(app, argc, argv)) return *code;
  return sim::shell::run_command(run);
}
