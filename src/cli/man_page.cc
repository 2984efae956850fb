// SPDX-License-Identifier: Apache-2.0
#include "cli/man_page.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>

namespace cli {

namespace {

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

// Text that troff prints as it is: no hyphenation of dashes, no requests by accident.
std::string plain(std::string_view text) {
  std::string result;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) result += "\\&";
    line_begins = c == '\n';
    switch (c) {
      case '\\':
        result += "\\e";
        break;
      case '-':
        result += "\\-";
        break;
      default:
        result += c;
    }
  }
  return result;
}

// Descriptions are written without a full stop, as --help shows them.
std::string sentence(std::string_view text) {
  if (text.empty()) return {};
  return plain(text) + (text.ends_with('.') ? "\n" : ".\n");
}

std::string bold(std::string_view text) { return "\\fB" + plain(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + plain(text) + "\\fR"; }

std::string joined_choices(const Option& option) {
  std::string words;
  for (const std::string& choice : option.choices) words += (words.empty() ? "" : "|") + choice;
  return words;
}

// "--out DIR" as it stands in a synopsis.
std::string usage(const Option& option) {
  if (option.positional) return italic(option.names.front());
  const std::string name = bold(option.names.back());
  return option.value.empty() ? name : name + " " + italic(option.value);
}

std::string synopsis(const Command& command, const std::string& name) {
  std::string line = ".TP\n" + bold(name) + "\n";
  bool optional = false;
  for (const Option& option : command.options) {
    if (option.required && !option.positional) line += usage(option) + "\n";
    optional = optional || (!option.required && !option.positional);
  }
  if (optional) line += "[" + italic("option") + " ...]\n";
  for (const Option& option : command.options) {
    if (!option.positional) continue;
    line += option.required ? usage(option) + "\n" : "[" + usage(option) + "]\n";
  }
  return line;
}

std::string option_entry(const Option& option) {
  std::string names;
  for (const std::string& name : option.names) {
    names += (names.empty() ? "" : ", ") + (option.positional ? italic(name) : bold(name));
  }
  if (!option.positional && !option.value.empty()) names += " " + italic(option.value);
  std::string entry = ".TP\n" + names + "\n" + sentence(option.description);
  if (!option.choices.empty()) entry += "One of " + italic(joined_choices(option)) + ".\n";
  if (!option.default_value.empty()) entry += "Default: " + plain(option.default_value) + ".\n";
  return entry;
}

std::string options(const Command& command) {
  std::string entries;
  for (const Option& option : command.options) entries += option_entry(option);
  return entries;
}

std::string section(const Command& command) {
  std::string text = ".SS " + plain(path_text(command)) + "\n" + sentence(command.description);
  text += options(command);
  if (!command.footer.empty()) text += ".PP\n.nf\n" + plain(command.footer) + "\n.fi\n";
  return text;
}

// The paragraphs of the footer; "Exit codes:\n..." becomes a section EXIT CODES.
std::string sections(std::string_view footer) {
  std::string result;
  while (!footer.empty()) {
    const std::size_t end = footer.find("\n\n");
    std::string_view paragraph = footer.substr(0, end);
    footer = end == std::string_view::npos ? std::string_view{} : footer.substr(end + 2);
    const std::size_t line_end = paragraph.find('\n');
    const std::string_view first = paragraph.substr(0, line_end);
    if (first.ends_with(':') && line_end != std::string_view::npos) {
      result += ".SH " + plain(upper(first.substr(0, first.size() - 1))) + "\n";
      paragraph.remove_prefix(line_end + 1);
    } else {
      result += ".PP\n";
    }
    result += ".nf\n" + plain(paragraph) + "\n.fi\n";
  }
  return result;
}

}  // namespace

std::string man_page(const Outline& outline, std::string_view version) {
  const Command& program = outline.commands.front();
  std::string page = ".\\\" SPDX-License-Identifier: Apache-2.0\n";
  page += ".TH " + upper(outline.program) + " 1 \"\" \"" + plain(version) + "\"\n";
  page += ".SH NAME\n" + plain(outline.program) + " \\- " + plain(program.description) + "\n";
  page += ".SH SYNOPSIS\n";
  for (const Command& command : outline.commands) {
    if (command.needs_child) continue;
    const std::string path = path_text(command);
    page += synopsis(command, outline.program + (path.empty() ? "" : " " + path));
  }
  page += ".SH OPTIONS\n" + options(program);
  if (!program.children.empty()) page += ".SH COMMANDS\n";
  for (const Command& command : outline.commands) {
    if (!command.path.empty()) page += section(command);
  }
  return page + sections(program.footer);
}

}  // namespace cli
