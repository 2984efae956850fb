// SPDX-License-Identifier: Apache-2.0
#include "cli/parse.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/completion.h"
#include "cli/man_page.h"
#include "cli/outline.h"
#include "version/version.h"

namespace cli {

namespace {

// The command that was reached, deepest first word last: "seaworthy check".
struct Reached {
  const CLI::App* command;
  std::string path;
};

Reached reached(const CLI::App& app) {
  Reached result{&app, app.get_name()};
  while (!result.command->get_subcommands().empty()) {
    result.command = result.command->get_subcommands().back();
    result.path += " " + result.command->get_name();
  }
  return result;
}

bool is_option(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

// What else could have stood where `word` stood.
std::vector<std::string> possible_words(const CLI::App& app, std::string_view word) {
  std::vector<std::string> words;
  const Command command = outline(app).commands.front();
  for (const Option& option : command.options) {
    words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return is_option(word) ? words : command.children;
}

// The first word that nothing took, unknown options before others: what follows one is only lost.
std::string sentence_on_extra(const Reached& where, const std::vector<std::string>& extras) {
  const auto option = std::ranges::find_if(extras, is_option);
  const std::string word = (option != extras.end() ? *option : extras.front());
  const std::string name = word.substr(0, word.find('='));
  const std::vector<std::string> choices = possible_words(*where.command, word);
  if (is_option(word)) return "unknown option " + name + base::did_you_mean(name, choices);
  if (choices.empty()) return "unexpected argument '" + word + "'";
  const std::string meant = base::did_you_mean(word, choices);
  return "unknown command '" + word + "'" +
         (meant.empty() ? ": one of " + base::listed(choices) : meant);
}

// CLI11's "--color: gren not in {red,green}", with the nearest of the words. Empty for other
// errors.
std::string sentence_on_choice(const CLI::App& app, std::string_view message) {
  const std::size_t colon = message.find(": ");
  const std::size_t end = message.rfind(" not in {");
  if (colon == std::string_view::npos || end == std::string_view::npos || end < colon) return {};
  const std::string_view name = message.substr(0, colon);
  const Command command = outline(app).commands.front();
  const std::string word(message.substr(colon + 2, end - colon - 2));
  for (const Option& option : command.options) {
    if (option.choices.empty() || std::ranges::count(option.names, name) == 0) continue;
    return std::string(name) + ": '" + word + "' is none of " + base::listed(option.choices) +
           base::did_you_mean(word, option.choices);
  }
  return {};
}

// CLI11's "what is required", with what it can be. Empty for other errors.
std::string sentence_on_missing(const Reached& where, const CLI::App& app, const Lists& lists,
                                std::string_view message) {
  constexpr std::string_view kEnd = " is required";
  if (!message.ends_with(kEnd)) return {};
  const std::string_view name = message.substr(0, message.size() - kEnd.size());
  const Command command = outline(*where.command).commands.front();
  const auto option = std::ranges::find_if(command.options, [&](const Option& candidate) {
    return std::ranges::count(candidate.names, name) > 0;
  });
  if (option == command.options.end()) return {};
  std::string can_be = option->description;
  if (!option->choices.empty()) can_be = "one of " + base::listed(option->choices);
  const auto list = lists.find(option->value);
  if (list != lists.end()) can_be = "'" + app.get_name() + ' ' + list->second + "' shows all";
  return std::string(message) + (can_be.empty() ? "" : ": " + can_be);
}

// CLI11's "--out: 1 required FILE missing". Empty for other errors.
std::string sentence_on_no_value(std::string_view message) {
  constexpr std::string_view kBegin = ": 1 required ";
  constexpr std::string_view kEnd = " missing";
  const std::size_t begin = message.find(kBegin);
  if (begin == std::string_view::npos || !message.ends_with(kEnd)) return {};
  const std::string_view value = message.substr(begin + kBegin.size());
  return std::string(message.substr(0, begin)) + ": expected " +
         std::string(value.substr(0, value.size() - kEnd.size()));
}

// CLI11's "Could not convert: --id = x": the options that take no text take numbers. Empty for
// other errors.
std::string sentence_on_number(std::string_view message) {
  constexpr std::string_view kBegin = "Could not convert: ";
  constexpr std::string_view kBetween = " = ";
  const std::size_t between = message.find(kBetween);
  if (!message.starts_with(kBegin) || between == std::string_view::npos) return {};
  const std::string_view name = message.substr(kBegin.size(), between - kBegin.size());
  const std::string value(message.substr(between + kBetween.size()));
  const bool digits = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
  return std::string(name) + ": '" + value + (digits ? "' is too great" : "' is no number here");
}

std::string sentence_on(const Reached& where, const CLI::App& app, const Lists& lists,
                        const CLI::ParseError& error) {
  const std::vector<std::string> extras = app.remaining(true);
  if (!extras.empty()) return sentence_on_extra(where, extras);
  const std::vector<std::string> commands = possible_words(*where.command, "");
  const bool no_command = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr &&
                          std::string_view(error.what()).starts_with("A subcommand");
  if (no_command) return "a command is missing: one of " + base::listed(commands);
  std::string on_missing = sentence_on_missing(where, app, lists, error.what());
  if (!on_missing.empty()) return on_missing;
  for (const std::string& sentence :
       {sentence_on_choice(*where.command, error.what()), sentence_on_no_value(error.what()),
        sentence_on_number(error.what())}) {
    if (!sentence.empty()) return sentence;
  }
  return error.what();
}

// An option that ends in '='; CLI11 would take the next word for its value, be it an option.
std::optional<std::string> find_empty_value(std::span<const char* const> words) {
  for (const std::string_view word : words) {
    if (word == "--") return std::nullopt;
    const bool is_empty = word.starts_with("--") && word.find('=') == word.size() - 1;
    if (is_empty) return std::string(word.substr(0, word.size() - 1));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Ending> interpret(CLI::App& app, int argc, const char* const* argv,
                                const Lists& lists) {
  app.set_version_flag("--version", app.get_name() + " " + version::text(), "Print the version");
  const std::string_view only = argc == 2 ? argv[1] : "";
  const std::string page_version = app.get_name() + " " + version::number();
  if (only == "--man") return Ending{0, man_page(outline(app), page_version), {}};
  if (only == "--completion") return Ending{0, completion(outline(app), lists), {}};
  if (const auto name = find_empty_value({argv, static_cast<std::size_t>(argc)})) {
    return Ending{kUsageError, {}, app.get_name() + ": " + *name + ": nothing stands behind '='\n"};
  }
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    // Help about a command that is not there would be taken for that of all.
    const std::vector<std::string> extras = app.remaining(true);
    if (extras.empty()) return Ending{0, app.help(), {}};
    const Reached where = reached(app);
    return Ending{kUsageError, {}, where.path + ": " + sentence_on_extra(where, extras) + "\n"};
  } catch (const CLI::CallForVersion& answer) {
    return Ending{0, std::string(answer.what()) + "\n", {}};
  } catch (const CLI::ParseError& error) {
    const Reached where = reached(app);
    return Ending{
        kUsageError, {}, where.path + ": " + sentence_on(where, app, lists, error) + "\n"};
  }
}

std::optional<int> parse(CLI::App& app, int argc, const char* const* argv, const Lists& lists) {
  const std::optional<Ending> ending = interpret(app, argc, argv, lists);
  if (!ending) return std::nullopt;
  std::cout << ending->output << std::flush;
  std::cerr << ending->error;
  return ending->code;
}

}  // namespace cli
