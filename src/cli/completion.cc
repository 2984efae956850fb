// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <string>
#include <string_view>
#include <vector>

namespace cli {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

// The statement that completes what `option` takes; empty if nothing is known about it.
std::string value_words(const Option& option, const Lists& lists) {
  if (!option.choices.empty()) return "words='" + joined(option.choices) + "'";
  if (const auto list = lists.find(option.value); list != lists.end()) {
    return "words=$(\"${COMP_WORDS[0]}\" " + list->second +
           " 2>/dev/null | while read -r word _; do echo \"$word\"; done)";
  }
  if (option.value == "DIR") return "names=-d";
  if (option.value == "FILE" || option.value == "PATH") return "names=-f";
  return {};
}

// The branches of the script's `case` statements. A command is written ' list targets', the program
// itself ''.
struct Branches {
  std::string paths;      // Pattern: what is a command.
  std::string values;     // After each option that takes a value.
  std::string arguments;  // For each command that takes a positional argument of a known kind.
  std::string words;      // For each command: its options and subcommands.
};

void add_option(const Option& option, const std::string& path, const Lists& lists,
                Branches& branches) {
  if (option.value.empty()) return;
  std::string statement = value_words(option, lists);
  if (option.positional) {
    if (!statement.empty()) branches.arguments += "    '" + path + "') " + statement + " ;;\n";
    return;
  }
  std::string patterns;
  for (const std::string& name : option.names) {
    patterns += patterns.empty() ? "" : " | ";
    patterns.append("'").append(path).append(" ").append(name).append("'");
  }
  if (!statement.empty()) statement.insert(0, "; ");
  branches.values += "    " + patterns + ") known=yes" + statement + " ;;\n";
}

void add_command(const Command& command, const Lists& lists, Branches& branches) {
  std::string path = path_text(command);
  if (!path.empty()) {
    path.insert(0, " ");
    branches.paths += branches.paths.empty() ? "" : " | ";
    branches.paths += "'" + path + "'";
  }
  std::vector<std::string> words;
  for (const Option& option : command.options) {
    if (!option.positional) words.insert(words.end(), option.names.begin(), option.names.end());
    add_option(option, path, lists, branches);
  }
  words.insert(words.end(), command.children.begin(), command.children.end());
  branches.words += "    '" + path + "') words='" + joined(words) + "' ;;\n";
}

// Replaces @NAME@ in the script below.
void fill(std::string& script, std::string_view name, const std::string& text) {
  const std::string mark = "@" + std::string(name) + "@";
  for (auto at = script.find(mark); at != std::string::npos; at = script.find(mark, at)) {
    script.replace(at, mark.size(), text);
    at += text.size();
  }
}

// `known` is set when the word before the cursor is an option that takes a value: then nothing else
// may stand there. Options are offered where a dash was typed or nothing else is known.
constexpr std::string_view kScript =
    R"(# bash completion for @PROGRAM@, printed by `@PROGRAM@ --completion`.
# SPDX-License-Identifier: Apache-2.0
_@PROGRAM@() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' known='' words='' names='' word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command $word" in
    @PATHS@) command+=" $word" ;;
    esac
  done
  case "$command $previous" in
@VALUES@    *) ;;
  esac
  if [ -z "$known" ]; then
    if [[ $current != -* ]]; then
      case "$command" in
@ARGUMENTS@      *) ;;
      esac
    fi
    if [ -z "$words$names" ]; then
      case "$command" in
@WORDS@      esac
    fi
  fi
  if [ -n "$names" ]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen "$names" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  fi
}
complete -F _@PROGRAM@ @PROGRAM@
)";

}  // namespace

std::string completion(const Outline& outline, const Lists& lists) {
  Branches branches;
  for (const Command& command : outline.commands) add_command(command, lists, branches);
  std::string script(kScript);
  fill(script, "PATHS", branches.paths.empty() ? "' '" : branches.paths);
  fill(script, "VALUES", branches.values);
  fill(script, "ARGUMENTS", branches.arguments);
  fill(script, "WORDS", branches.words);
  fill(script, "PROGRAM", outline.program);
  return script;
}

}  // namespace cli
