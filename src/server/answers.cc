// SPDX-License-Identifier: Apache-2.0
#include "server/answers.h"

#include <fmt/core.h>

#include <utility>

#include "session/command.h"

namespace server {
namespace {

kv::Reply error(std::string text) { return {kv::Error{std::move(text)}}; }

kv::Reply opened(const session::Unwrapped& unwrapped) {
  const base::Result<session::SessionId> session = session::opened_session(unwrapped);
  if (!session.ok()) return error("ERR " + session.error().message);
  return {kv::Integer{static_cast<std::int64_t>(session.value().value())}};
}

}  // namespace

std::optional<kv::Reply> reply_of(std::string_view answer) {
  const base::Result<session::Unwrapped> unwrapped = session::unwrap(answer);
  if (!unwrapped.ok()) return std::nullopt;
  switch (unwrapped.value().kind) {
    case session::Kind::Answer: {
      base::Result<kv::Reply> reply = kv::decode_reply(unwrapped.value().answer);
      if (!reply.ok()) return std::nullopt;
      return std::move(reply).value();
    }
    case session::Kind::Opened:
      return opened(unwrapped.value());
    case session::Kind::Closed:
      return kv::Reply{kv::Status{"OK"}};
    case session::Kind::NoSession:
      return error("NOSESSION it was never opened, or closed, or it expired: not applied now");
    case session::Kind::Forgotten:
      return error("FORGOTTEN this sequence was acknowledged before: not applied now");
    case session::Kind::TooManyOpen:
      return error("ERR the sequence is too far ahead of the first unanswered one");
    case session::Kind::Malformed:
      return error("ERR " + std::string(unwrapped.value().answer));
    case session::Kind::NotKept:
      return error("NOTKEPT it was applied once, before; its answer was too long to be kept");
  }
  return std::nullopt;
}

machine::Answer answer_of(const kv::Reply& reply) {
  machine::Answer answer = kv::encode(reply);
  session::wrap(session::Kind::Answer, answer);
  return answer;
}

std::optional<machine::Answer> in_place_of(const machine::Answer& answer, std::size_t max_bytes,
                                           bool is_write) {
  constexpr std::size_t kAround = 64;  // Its length and ends of lines.
  if (answer.size() + kAround <= max_bytes) return std::nullopt;
  const char* what = is_write ? "NOTKEPT the write was done; its answer" : "ERR the answer";
  return answer_of(error(fmt::format("{} is too long: {} bytes, and {} are allowed", what,
                                     answer.size(), max_bytes - kAround)));
}

}  // namespace server
