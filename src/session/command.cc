// SPDX-License-Identifier: Apache-2.0
#include "session/command.h"

#include <utility>

#include "base/bytes.h"

namespace session {
namespace {

// The first byte of all that is not plain, and of plain commands that begin with such a byte.
enum class Tag : std::uint8_t { Plain = 0xf0, Open = 0xf1, Numbered = 0xf2, Close = 0xf3 };
constexpr std::uint8_t kFirstTag = 0xf0;

class Encoder {
 public:
  std::string take() && { return std::move(out_); }

  void operator()(const Plain& plain) {
    if (!is_plain(plain.command)) tag(Tag::Plain);
    writer_.bytes(plain.command);
  }
  void operator()(Open) { tag(Tag::Open); }
  void operator()(const Numbered& numbered) {
    tag(Tag::Numbered);
    writer_.u64(numbered.session.value());
    writer_.u64(numbered.sequence.value());
    writer_.u64(numbered.first_unanswered.value());
    writer_.bytes(numbered.command);
  }
  void operator()(Close close) {
    tag(Tag::Close);
    writer_.u64(close.session.value());
  }

 private:
  void tag(Tag tag) { writer_.u8(static_cast<std::uint8_t>(tag)); }

  std::string out_;
  base::ByteWriter writer_{out_};
};

Numbered numbered(base::ByteReader& in) {
  Numbered command;
  command.session = SessionId(in.u64());
  const std::size_t at = in.position();
  command.sequence = Sequence(in.u64());
  command.first_unanswered = Sequence(in.u64());
  if (command.first_unanswered == Sequence() || command.first_unanswered > command.sequence) {
    in.refuse(at, "the sequence is before the first unanswered one");
  }
  command.command = in.bytes(in.remaining());
  return command;
}

Command decode(base::ByteReader& in) {
  switch (static_cast<Tag>(in.u8())) {
    case Tag::Plain: {
      const Plain plain{in.bytes(in.remaining())};
      if (is_plain(plain.command)) in.refuse(0, "a plain command is wrapped without need");
      return plain;
    }
    case Tag::Open:
      return Open{};
    case Tag::Numbered:
      return numbered(in);
    case Tag::Close:
      return Close{SessionId(in.u64())};
  }
  in.refuse(0, "unknown kind of session command");
  return Open{};
}

}  // namespace

bool is_plain(std::string_view payload) {
  return payload.empty() || static_cast<unsigned char>(payload.front()) < kFirstTag;
}

std::string encode(const Command& command) {
  Encoder encoder;
  std::visit(encoder, command);
  return std::move(encoder).take();
}

base::Result<Command> decode(std::string_view payload) {
  if (is_plain(payload)) return Command(Plain{payload});
  base::ByteReader in(payload);
  base::Result<Command> command = decode(in);
  TRY([[maybe_unused]] const base::Done whole, in.finish("session command"));
  return command;
}

void wrap(Kind kind, machine::Answer& answer) { answer.push_back(static_cast<char>(kind)); }

base::Result<Unwrapped> unwrap(std::string_view answer) {
  if (answer.empty() || static_cast<unsigned char>(answer.back()) > kLastKind) {
    return base::Error{base::ErrorCode::InvalidArgument, "an answer does not say what it is"};
  }
  const auto kind = static_cast<Kind>(answer.back());
  answer.remove_suffix(1);
  return Unwrapped{kind, answer};
}

machine::Answer opened_answer(SessionId session) {
  machine::Answer answer;
  base::ByteWriter(answer).u64(session.value());
  wrap(Kind::Opened, answer);
  return answer;
}

base::Result<SessionId> opened_session(const Unwrapped& answer) {
  base::ByteReader in(answer.answer);
  const SessionId session(in.u64());
  TRY([[maybe_unused]] const base::Done whole, in.finish("answer to an opening"));
  if (answer.kind != Kind::Opened) {
    return base::Error{base::ErrorCode::InvalidArgument, "no session was opened"};
  }
  return session;
}

}  // namespace session
