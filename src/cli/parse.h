// SPDX-License-Identifier: Apache-2.0
// The command line of a program, defined once with CLI11: from that one definition come parsing,
// --help, --version, errors with a suggestion, the man page and the completion for bash.
//
//   CLI::App app("A replicated key-value server for Redis clients", "raftkv");
//   CLI::App* serve = app.add_subcommand("serve", "Run one node");
//   serve->add_option("--data", options.data, "Directory of the node's log")
//       ->type_name("DIR")->required();
//   app.require_subcommand(1);
//   app.footer("Exit codes:\n  0  stopped by SIGTERM\n  3  usage or environment");
//   if (const std::optional<int> code = cli::parse(app, argc, argv)) return *code;
//   if (serve->parsed()) return run_serve(options);
//
// type_name says what a value is, to people and to completion: FILE, PATH and DIR complete names of
// files, CLI::IsMember's words complete themselves. A footer's paragraph that opens with `Words:`
// becomes a section of the man page.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/lists.h"

namespace CLI {  // NOLINT: the library's name, not ours.
class App;
}

namespace cli {

// The exit code for a command line that makes no sense.
constexpr int kUsageError = 3;

// What a command line that is not to be run comes to.
struct Ending {
  int code = 0;
  std::string output;  // For standard output.
  std::string error;   // For standard error: one sentence.
};

// Fills the variables bound to `app`. Returns nothing if the program shall now do its work, else
// what to print and exit with. Besides the options of `app` it knows --version, and alone on the
// command line --man and --completion (not shown in the help: the build calls them).
std::optional<Ending> interpret(CLI::App& app, int argc, const char* const* argv,
                                const Lists& lists = {});

// The same, printed: returns the exit code if the program shall end.
std::optional<int> parse(CLI::App& app, int argc, const char* const* argv, const Lists& lists = {});

}  // namespace cli
