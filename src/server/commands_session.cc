// SPDX-License-Identifier: Apache-2.0
// Commands that are applied once however often they are sent (docs/sessions.md).
#include <array>
#include <charconv>
#include <optional>

#include "server/commands.h"
#include "session/command.h"

namespace server {
namespace {

Ask write(const session::Command& command) {
  return Ask{std::make_shared<const std::string>(session::encode(command)), {}};
}

std::optional<std::uint64_t> number(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || value == 0) return std::nullopt;
  return value;
}

Action call_session(const Call& call);

// SESSION RUN session sequence first-unanswered command ...
Action run(const Call& call) {
  if (call.words.size() < 6) {
    return error_answer(call,
                        "ERR SESSION RUN takes session, sequence, first unanswered sequence "
                        "and a command");
  }
  const auto session = number(call.words[2]);
  const auto sequence = number(call.words[3]);
  const auto first = number(call.words[4]);
  if (!session || !sequence || !first || *first > *sequence) {
    return error_answer(call,
                        "ERR session and sequences count from 1, and the first unanswered one "
                        "is not above the sequence");
  }
  const CommandSpec* spec = find_command(call.words[5]);
  if (spec != nullptr && (spec->flags != "write" || spec->run == call_session))
    return error_answer(call, "ERR SESSION RUN takes commands that write keys");
  Action action = interpret(call.words.subspan(5), call.session, call.node);
  const auto* ask = std::get_if<Ask>(&action);
  if (ask == nullptr) return action;  // It was refused.
  return write(session::Numbered{session::SessionId(*session), session::Sequence(*sequence),
                                 session::Sequence(*first), *ask->command});
}

Action call_session(const Call& call) {
  const std::string_view verb = call.words[1];
  if (equals_ignoring_case(verb, "RUN")) return run(call);
  if (equals_ignoring_case(verb, "OPEN") && call.words.size() == 2) return write(session::Open{});
  if (equals_ignoring_case(verb, "CLOSE") && call.words.size() == 3) {
    const auto session = number(call.words[2]);
    if (!session) return error_answer(call, "ERR a session is a number from 1 on");
    return write(session::Close{session::SessionId(*session)});
  }
  return error_answer(call,
                      "ERR SESSION knows OPEN, CLOSE session and RUN session sequence "
                      "first-unanswered command");
}

constexpr std::array kSessionCommands{
    CommandSpec{"SESSION", -2, "write", 0, 0, 0, "OPEN, CLOSE, and RUN a command once",
                call_session},
};

}  // namespace

std::span<const CommandSpec> session_commands() { return kSessionCommands; }

}  // namespace server
