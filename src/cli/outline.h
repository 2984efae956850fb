// SPDX-License-Identifier: Apache-2.0
// What a command line offers, as plain values: what the man page and the completion are made from.
#pragma once

#include <string>
#include <vector>

namespace CLI {  // NOLINT: the library's name, not ours.
class App;
}

namespace cli {

struct Option {
  std::vector<std::string> names;    // "-o", "--out"; of a positional argument its name alone.
  std::string value;                 // What it takes: "DIR"; empty for a flag.
  std::vector<std::string> choices;  // All values that are allowed, if there is such a list.
  std::string description;
  std::string default_value;  // Empty if none is stated.
  bool required = false;
  bool positional = false;
};

// One level of the command line: the program itself, or a subcommand.
struct Command {
  std::vector<std::string> path;  // {"list", "targets"}; of the program itself nothing.
  std::string description;
  std::string footer;
  std::vector<Option> options;
  std::vector<std::string> children;  // The subcommands that may follow.
  bool needs_child = false;           // One of them must: it does nothing by itself.
};

struct Outline {
  std::string program;
  std::vector<Command> commands;  // The program itself first, and each before its children.
};

// Leaves out what is hidden from the help (an option or subcommand of the group ""), and the --help
// of subcommands.
Outline outline(const CLI::App& app);

// "list targets", and nothing for the program itself.
std::string path_text(const Command& command);

}  // namespace cli
