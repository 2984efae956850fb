// SPDX-License-Identifier: Apache-2.0
#include "embed/requests.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

namespace embed {
namespace {

using Kind = seaworthy::Outcome::Kind;
using Reason = replica::NotDone::Reason;

const char* reason(session::Kind kind) {
  if (kind == session::Kind::NotKept) {
    return "it was applied once, but its answer was too long to be kept";
  }
  return "the cluster did not understand it";
}

}  // namespace

void Requests::add(Request request) {
  waiting_.insert(++last_ticket_);
  open_.emplace(last_ticket_, Open{std::move(request), {}, false, false, "nobody leads", {}, {}});
}

void Requests::send(Time now, const std::function<bool(const Attempt&)>& take) {
  const std::vector<std::uint64_t> tickets(waiting_.begin(), waiting_.end());
  for (const std::uint64_t ticket : tickets) {
    const auto found = open_.find(ticket);
    if (found == open_.end() || found->second.not_before > now) continue;
    Open& open = found->second;
    if (open.sequence.value() != 0 && open.session != session_) {  // Sent in one that is gone.
      open.sequence = {};
      if (open.may_be_done) {
        give_up(ticket, "its session is gone");
        continue;
      }
    }
    if (open.request.is_write && !session_ && !open_session(now, take)) return;
    if (open.request.is_write && !number(open)) continue;
    Attempt attempt{ticket, open.request.is_write, open.request.bytes};
    if (open.request.is_write) {
      attempt.bytes = session::encode(
          session::Numbered{open.session, open.sequence, *undecided_.begin(), open.request.bytes});
    }
    open.under_way = true;
    waiting_.erase(ticket);
    if (take(attempt)) continue;
    open.under_way = false;
    waiting_.insert(ticket);
    return;
  }
}

// False: the session cannot take it now.
bool Requests::number(Open& open) {
  if (!session_) return false;
  if (open.sequence.value() != 0) return true;
  if (!undecided_.empty() && last_sequence_.since(*undecided_.begin()) + 1 >= kWindow) return false;
  open.session = *session_;
  open.sequence = last_sequence_ = last_sequence_.next();
  undecided_.insert(open.sequence);
  return true;
}

// False: nobody could be asked.
bool Requests::open_session(Time now, const std::function<bool(const Attempt&)>& take) {
  if (opening_ || now < open_not_before_) return true;
  opening_ = true;
  const bool taken = take({kOpening, true, session::encode(session::Open{})});
  if (!taken) opening_ = false;
  return taken;
}

// A session that was opened and whose answer got lost does no harm: it goes in time.
void Requests::on_opened(const replica::Outcome& outcome, Time now) {
  opening_ = false;
  open_not_before_ = now + kPause;
  const auto* done = std::get_if<replica::Done>(&outcome);
  if (done == nullptr) return;
  const auto unwrapped = session::unwrap(done->answer);
  if (!unwrapped.ok()) return;
  const auto session = session::opened_session(unwrapped.value());
  if (!session.ok()) return;
  session_ = session.value();
  last_sequence_ = {};
  undecided_.clear();
}

void Requests::on_answer(std::uint64_t ticket, const replica::Outcome& outcome, Time now) {
  if (ticket == kOpening) return on_opened(outcome, now);
  const auto found = open_.find(ticket);
  if (found == open_.end()) return;  // Its time was over.
  Open& open = found->second;
  open.under_way = false;
  if (const auto* done = std::get_if<replica::Done>(&outcome)) {
    return on_done(ticket, done->answer, now);
  }
  if (const auto* not_done = std::get_if<replica::NotDone>(&outcome)) {
    if (not_done->reason == Reason::TooLong && !open.may_be_done) {
      return decide(ticket, {Kind::Refused, {}, "it is longer than the transport can carry"});
    }
    open.why =
        not_done->reason == Reason::Overloaded ? "the leader has too much to do" : "nobody leads";
  } else {
    open.may_be_done = open.may_be_done || open.request.is_write;
    open.why = "the leader was lost";
  }
  again(ticket, now);
}

void Requests::on_done(std::uint64_t ticket, const machine::Answer& answer, Time now) {
  Open& open = open_.at(ticket);
  const auto unwrapped = session::unwrap(answer);
  const session::Kind kind = unwrapped.ok() ? unwrapped.value().kind : session::Kind::Malformed;
  switch (kind) {
    case session::Kind::Answer:
      return decide(ticket, {Kind::Done, std::string(unwrapped.value().answer), {}});
    case session::Kind::NoSession:
    case session::Kind::Forgotten:  // Cannot be: it is undecided.
      lose_session(open);
      if (open.may_be_done) return give_up(ticket, "its session is gone");
      return again(ticket, now);
    case session::Kind::TooManyOpen:
      return again(ticket, now);
    case session::Kind::NotKept:
      open.may_be_done = open.request.is_write;
      return give_up(ticket, reason(kind));
    case session::Kind::Opened:
    case session::Kind::Closed:
    case session::Kind::Malformed:
      return give_up(ticket, reason(kind));
  }
}

void Requests::lose_session(Open& open) {
  if (session_ == open.session) {
    session_.reset();
    undecided_.clear();
  }
  open.sequence = {};
}

void Requests::again(std::uint64_t ticket, Time now) {
  open_.at(ticket).not_before = now + kPause;
  waiting_.insert(ticket);
}

void Requests::decide(std::uint64_t ticket, seaworthy::Outcome outcome) {
  const auto found = open_.find(ticket);
  const Open open = std::move(found->second);
  open_.erase(found);
  waiting_.erase(ticket);
  if (open.session == session_) undecided_.erase(open.sequence);
  open.request.callback(std::move(outcome));
}

void Requests::give_up(std::uint64_t ticket, const std::string& why) {
  const Open& open = open_.at(ticket);
  const bool unknown = open.may_be_done || (open.under_way && open.request.is_write);
  decide(ticket, {unknown ? Kind::Unknown : Kind::Refused, {}, why});
}

void Requests::expire(Time now) {
  while (!open_.empty() && open_.begin()->second.request.deadline <= now) {
    give_up(open_.begin()->first, "not decided in time: " + open_.begin()->second.why);
  }
}

void Requests::give_up(const std::string& why) {
  while (!open_.empty()) give_up(open_.begin()->first, why);
}

}  // namespace embed
