// SPDX-License-Identifier: Apache-2.0
#include "client/session.h"

#include <string>
#include <utility>
#include <vector>

#include "os/clock.h"

namespace client {
namespace {

const std::string* error_of(const Outcome& outcome, std::string_view word) {
  const auto* done = std::get_if<Done>(&outcome);
  if (done == nullptr || done->reply.kind != resp::Reply::Kind::Error) return nullptr;
  return done->reply.text.starts_with(word) ? &done->reply.text : nullptr;
}

std::string why_of(const Outcome& outcome) {
  if (const auto* unknown = std::get_if<Unknown>(&outcome)) return unknown->why;
  if (const auto* not_done = std::get_if<NotDone>(&outcome)) return not_done->why;
  return "";
}

}  // namespace

// An opening may be sent twice: a session that nobody uses does no harm.
base::Status Session::open(Time deadline) {
  constexpr std::string_view kOpen[] = {"SESSION", "OPEN"};
  while (true) {
    const Outcome outcome = client_.attempt(kOpen, deadline);
    if (const auto* done = std::get_if<Done>(&outcome)) {
      if (done->reply.kind == resp::Reply::Kind::Integer && done->reply.integer > 0) {
        id_ = static_cast<std::uint64_t>(done->reply.integer);
        sequence_ = 0;
        return base::Done{};
      }
      return base::Error{base::ErrorCode::Unavailable, "no session: " + done->reply.text};
    }
    if (os::steady_now() >= deadline) {
      return base::Error{base::ErrorCode::Unavailable, "no session: " + why_of(outcome)};
    }
  }
}

Outcome Session::write(Words words) {
  const Time deadline = os::steady_now() + client_.config().patience;
  bool may_be_done = false;
  bool numbered = false;
  std::string why = "the time is over";
  do {
    if (!id_) {
      if (const base::Status opened = open(deadline); !opened.ok())
        return NotDone{opened.error().message};
      numbered = false;
    }
    if (!std::exchange(numbered, true)) ++sequence_;
    const std::string id = std::to_string(*id_);
    const std::string sequence = std::to_string(sequence_);
    std::vector<std::string_view> all{"SESSION", "RUN", id, sequence, sequence};
    all.insert(all.end(), words.begin(), words.end());
    Outcome outcome = client_.attempt(all, deadline);
    if (const std::string* gone = error_of(outcome, "NOSESSION ")) {
      id_.reset();
      if (may_be_done) return Unknown{*gone};
      continue;
    }
    if (const std::string* lost = error_of(outcome, "NOTKEPT ")) return Unknown{*lost};
    if (std::holds_alternative<Done>(outcome)) return outcome;
    may_be_done = may_be_done || std::holds_alternative<Unknown>(outcome);
    why = why_of(outcome);
  } while (os::steady_now() < deadline);
  if (may_be_done) return Unknown{why};
  return NotDone{why};
}

}  // namespace client
