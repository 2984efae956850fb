// SPDX-License-Identifier: Apache-2.0
// raftkv: a replicated key-value server for Redis clients.
#include <CLI/CLI.hpp>

#include "cli/output.h"
#include "cli/parse.h"
#include "commandline/control_commands.h"
#include "commandline/data_commands.h"
#include "commandline/recover_command.h"
#include "commandline/serve_command.h"

namespace {

constexpr const char* kFooter =
    "Exit codes:\n"
    "  0  done; serve: stopped by SIGTERM or SIGINT\n"
    "  1  refused, certainly not done; status: no leader\n"
    "  2  it is not known whether it is done\n"
    "  3  usage or environment: an option, an address, a directory that is in use; nobody answers\n"
    "  4  storage: the data is damaged, or the disk failed\n"
    "  5  the disk is full: nothing that was acknowledged is lost; start it again with more room\n";

}  // namespace

int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): of a bad definition.
  cli::open_closed_streams();
  CLI::App app("A replicated key-value server for Redis clients", "raftkv");
  commandline::ServeCommand serve(app);
  commandline::ControlCommands control(app);
  commandline::DataCommands data(app);
  commandline::RecoverCommand recover(app);
  app.require_subcommand(1);
  app.footer(kFooter);
  if (const std::optional<int> code = cli::parse(app, argc, argv)) {
    return cli::end("raftkv", *code);
  }
  if (const std::optional<int> code = control.run()) return cli::end("raftkv", *code);
  if (const std::optional<int> code = data.run()) return cli::end("raftkv", *code);
  if (const std::optional<int> code = recover.run()) return cli::end("raftkv", *code);
  return serve.run();
}
