// SPDX-License-Identifier: Apache-2.0
#include "sim/shell/mutants.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "mutant/switch.h"

namespace sim::shell {

namespace {

std::string list() {
  std::string lines;
  for (const mutant::Description& row : mutant::catalogue()) {
    lines += fmt::format("{:32} {:8} {:4} {}{}\n", row.name, row.group, row.hazard, row.breaks,
                         row.equivalent.empty() ? "" : " (equivalent)");
  }
  lines.pop_back();
  return lines;
}

}  // namespace

void add_mutant_options(CLI::App& app) {
  app.add_option_function<std::string>(
         "--mutant",
         [](const std::string& name) {
           if (!mutant::activate(name)) throw CLI::ValidationError("no mutant is called " + name);
         },
         "Make the Raft wrong in one way")
      ->type_name("NAME");
  // Answered like --version.
  app.add_flag_callback(
      "--list-mutants", [] { throw CLI::CallForVersion(list(), 0); },
      "What it can be made to do wrong");
}

}  // namespace sim::shell
