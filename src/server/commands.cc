// SPDX-License-Identifier: Apache-2.0
#include "server/commands.h"

#include <algorithm>
#include <cctype>

namespace server {
namespace {

constexpr std::size_t kEchoedBytes = 128;  // Of what a client sent, in an error.

bool arity_fits(const CommandSpec& spec, std::size_t words) {
  const auto count = static_cast<std::int64_t>(words);
  return spec.arity < 0 ? count >= -spec.arity : count == spec.arity;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

bool equals_ignoring_case(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, [](unsigned char a, unsigned char b) {
    return std::toupper(a) == std::toupper(b);
  });
}

Answered error_answer(const Call& call, std::string_view text) {
  Answered answered;
  resp::ReplyWriter(call.session.version, answered.reply).error(text);
  return answered;
}

const CommandSpec* find_command(std::string_view name) {
  for (const auto commands : {data_commands(), connection_commands()}) {
    for (const CommandSpec& spec : commands) {
      if (equals_ignoring_case(spec.name, name)) return &spec;
    }
  }
  return nullptr;
}

Action interpret(Words words, Session& session, const Info& info) {
  const Call call{words, session, info};
  const CommandSpec* spec = find_command(words[0]);
  if (spec == nullptr) {
    return error_answer(
        call, "ERR unknown command '" + std::string(words[0].substr(0, kEchoedBytes)) + "'");
  }
  if (!arity_fits(*spec, words.size())) {
    return error_answer(call,
                        "ERR wrong number of arguments for '" + lower(spec->name) + "' command");
  }
  return spec->run(call);
}

}  // namespace server
