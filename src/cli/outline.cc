// SPDX-License-Identifier: Apache-2.0
#include "cli/outline.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace cli {

namespace {

// CLI11 writes the type and what validators say of it as one text: "TEXT:{a,b}", "INT:INT in [1 -
// 5]".
void describe_value(const std::string& type, Option& option) {
  const std::size_t colon = type.find(':');
  option.value = type.substr(0, colon);
  if (colon == std::string::npos) return;
  const std::string_view rest = std::string_view(type).substr(colon + 1);
  if (rest.size() < 2 || rest.front() != '{' || rest.back() != '}') return;
  std::string_view words = rest.substr(1, rest.size() - 2);
  while (!words.empty()) {
    const std::size_t comma = words.find(',');
    option.choices.emplace_back(words.substr(0, comma));
    words = comma == std::string_view::npos ? std::string_view{} : words.substr(comma + 1);
  }
}

Option outline(const CLI::Option& source) {
  Option option;
  option.positional = !source.nonpositional();
  if (option.positional) option.names.push_back(source.get_name(true));
  for (const std::string& name : source.get_snames()) option.names.push_back("-" + name);
  for (const std::string& name : source.get_lnames()) option.names.push_back("--" + name);
  if (source.get_items_expected_max() > 0) describe_value(source.get_type_name(), option);
  option.description = source.get_description();
  option.default_value = source.get_default_str();
  option.required = source.get_required();
  return option;
}

bool shown(const CLI::App& child) {
  return !child.get_group().empty() && !child.get_name().empty();
}

Command command_of(const CLI::App& app, std::vector<std::string> path) {
  Command command{std::move(path),
                  app.get_description(),
                  app.get_footer(),
                  {},
                  {},
                  app.get_require_subcommand_min() > 0};
  for (const CLI::Option* option : app.get_options()) {
    const bool help_again = option == app.get_help_ptr() && !command.path.empty();
    if (!option->get_group().empty() && !help_again) command.options.push_back(outline(*option));
  }
  for (const CLI::App* child : app.get_subcommands({})) {
    if (shown(*child)) command.children.push_back(child->get_name());
  }
  return command;
}

}  // namespace

Outline outline(const CLI::App& app) {
  Outline result{app.get_name(), {}};
  struct Waiting {
    const CLI::App* app;
    std::vector<std::string> path;
  };
  std::vector<Waiting> waiting = {{&app, {}}};
  while (!waiting.empty()) {
    const Waiting next = std::move(waiting.back());
    waiting.pop_back();
    result.commands.push_back(command_of(*next.app, next.path));
    std::vector<const CLI::App*> children = next.app->get_subcommands({});
    std::ranges::reverse(children);  // The last to wait is the first to be taken.
    for (const CLI::App* child : children) {
      if (!shown(*child)) continue;
      waiting.push_back({child, next.path});
      waiting.back().path.push_back(child->get_name());
    }
  }
  return result;
}

std::string path_text(const Command& command) {
  std::string text;
  for (const std::string& word : command.path) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace cli
