// SPDX-License-Identifier: Apache-2.0
// Commands and answers of a machine that knows client sessions, as bytes
// (docs/formats/sessions.md).
//
//   plain          applied once for each time it is in the log
//   open           -> a session
//   numbered       (session, sequence): applied once, however often it is in the log
//   close          a session
//
// A plain command is its own bytes, unless these begin like one of the others: so nothing is copied
// for those who want no sessions. An answer carries one byte behind its end that says what it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/ordinal.h"
#include "base/result.h"
#include "machine/state_machine.h"

namespace session {

// Names a session: the index of the log entry that opened it, so never used twice.
using SessionId = base::Ordinal<struct SessionLine>;
// Counts the commands of one session, from 1.
using Sequence = base::Ordinal<struct SequenceLine>;

struct Plain {
  std::string_view command;
};
struct Open {};
struct Numbered {
  SessionId session;
  Sequence sequence;
  // The client has the answers of all before: they are forgotten, and what still comes of them is
  // not applied. Not above `sequence`.
  Sequence first_unanswered;
  std::string_view command;
};
struct Close {
  SessionId session;
};
using Command = std::variant<Plain, Open, Numbered, Close>;

std::string encode(const Command& command);
// The views point into `payload`. Fails where sequences make no sense, or bytes are missing.
base::Result<Command> decode(std::string_view payload);

// True if `payload` is a plain command, its own bytes.
bool is_plain(std::string_view payload);

enum class Kind : std::uint8_t {
  Answer = 0,       // Of the inner machine: to this command, or recorded when it was applied.
  Opened = 1,       // Eight bytes: the session (opened_session()).
  Closed = 2,       // It is not there any more, if it ever was.
  NoSession = 3,    // Never opened, closed or expired. Not applied now.
  Forgotten = 4,    // The sequence was acknowledged before. Not applied now.
  TooManyOpen = 5,  // Further ahead of the first unanswered than answers are kept. Not applied.
  Malformed = 6,    // Not applied.
  NotKept = 7,      // Applied once, before; the answer was too long to be recorded.
};
inline constexpr std::uint8_t kLastKind = 7;

void wrap(Kind kind, machine::Answer& answer);
struct Unwrapped {
  Kind kind = Kind::Malformed;
  std::string_view answer;  // As the inner machine gave it, if the kind is Answer.
};
// The view points into `answer`. InvalidArgument: it is no answer of Sessions.
base::Result<Unwrapped> unwrap(std::string_view answer);

machine::Answer opened_answer(SessionId session);
base::Result<SessionId> opened_session(const Unwrapped& answer);

}  // namespace session
