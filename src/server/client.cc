// SPDX-License-Identifier: Apache-2.0
#include "server/client.h"

#include <algorithm>

#include "os/clock.h"
#include "server/answers.h"

namespace server {

using Interest = os::Loop::Interest;

namespace {

// What a request costs beside its bytes.
constexpr std::size_t kRequestBytes = 256;
// What each client may read when all have used up what there is for all.
constexpr std::size_t kAlwaysBytes = std::size_t{4} * 1024;
// Of the time that a request has, which those that wait for room have, too: so long a client may
// hold room without moving kAlwaysBytes, and never less than kLeastSilence.
constexpr int kSilentShare = 4;
constexpr std::chrono::milliseconds kLeastSilence{1000};

}  // namespace

Client::Client(const Context& context, ClientId id, os::Fd socket)
    : context_(context),
      id_(id),
      connection_(std::move(socket)),
      watch_(context_.loop.add(connection_.fd(), Interest::Read, *this)),
      parser_(context_.limits.request),
      share_(context_.input),
      replies_(context_.replies) {
  session_.id = static_cast<std::int64_t>(id >> kClientPlaceBits);
}

Client::~Client() { context_.loop.remove(watch_); }

bool Client::has_room() const {
  return pipeline_.size() < context_.limits.pipeline &&
         pipeline_.asked_bytes() < context_.limits.input_pause_bytes &&
         reply_bytes() < context_.limits.output_pause_bytes;
}

// What is kept for its turn does not count where nothing else would make room for it.
bool Client::is_held() const {
  if (!pipeline_.is_under_way() && connection_.output_bytes() == 0) return false;
  const std::size_t bytes = reply_bytes() + pipeline_.awaited_bytes();
  return bytes > 0 && (bytes >= context_.limits.output_hold_bytes || replies_.is_used_up(bytes));
}

// Only that goes on with what is under way.
bool Client::waits_for_reader() const {
  return pipeline_.has_unsent() && !pipeline_.is_under_way() && is_held();
}

std::size_t Client::held_bytes(std::size_t input_bytes) const {
  return input_bytes + parser_.kept_bytes() + pipeline_.asked_bytes() +
         pipeline_.size() * kRequestBytes;
}

bool Client::may_read() const {
  if (stopped_ || ended_ || !has_room()) return false;
  if (favour_ == Favour::Reads || !share_.is_used_up()) return true;
  return pipeline_.size() == 0 && connection_.input().size() < kAlwaysBytes;
}

bool Client::is_stuck() const {
  return !stopped_ && !ended_ && has_room() && pipeline_.size() == 0 && share_.is_used_up() &&
         connection_.input().size() >= kAlwaysBytes;
}

bool Client::waits_for_room() const {
  return is_stuck() && connection_.arrived() == os::Connection::Arrived::Something;
}

bool Client::is_finished() const {
  const bool no_more = stopped_ || (ended_ && !unparsed_);
  return broken_ || (no_more && pipeline_.size() == 0 && connection_.output_bytes() == 0);
}

void Client::on_ready(os::Ready ready) {
  if (ready.broken) {
    broken_ = true;
  } else if (ready.read && may_read()) {
    // It may have closed its side only, and still read the replies.
    const bool much = favour_ == Favour::Reads || !share_.is_used_up();
    const std::size_t before = connection_.input().size();
    ended_ = !connection_.receive(much ? os::Connection::kReceiveBytes : kAlwaysBytes);
    moved_bytes_ += connection_.input().size() - before;
    parse();
  }
  context_.listener.on_client(*this);
}

void Client::parse() {
  const auto now = os::steady_now();
  const std::string_view input = connection_.input();
  std::size_t used = 0;
  unparsed_ = false;
  while (!stopped_) {
    const bool fits = pipeline_.size() == 0 || !share_.is_used_up(held_bytes(input.size() - used));
    if (!fits || !has_room()) {
      unparsed_ = true;
      break;
    }
    const auto request = parser_.next(input.substr(used));
    if (!request.ok()) {
      refuse(request.error().message);
      break;
    }
    if (!request.value()) break;
    if (!request.value()->arguments.empty()) execute(request.value()->arguments, now);
    used += request.value()->size_bytes;
  }
  // Of what nobody will go on with nothing is kept.
  if (stopped_ || (ended_ && !unparsed_)) used = input.size();
  connection_.consume(used);
  if (favour_ == Favour::Reads && (used > 0 || stopped_)) favour_ = Favour::IsAnswered;
  share_.set(held_bytes(connection_.input().size()));
}

void Client::refuse(std::string_view why) {
  std::string reply;
  resp::ReplyWriter(session_.version, reply).error("ERR " + std::string(why));
  pipeline_.add_answered(std::move(reply), connection_.output());
  stopped_ = true;
}

void Client::execute(Words words, std::chrono::nanoseconds now) {
  Action action = interpret(words, session_, context_.node);
  if (auto* ask = std::get_if<Ask>(&action)) {
    pipeline_.add(std::move(*ask), session_.version, now + context_.limits.request_timeout);
    return;
  }
  auto& answered = std::get<Answered>(action);
  pipeline_.add_answered(std::move(answered.reply), connection_.output());
  if (answered.then_close) stopped_ = true;
}

void Client::sent(Pipeline::Ticket ticket, raft::NodeId node, replica::RequestId as,
                  std::size_t awaited_bytes) {
  pipeline_.sent(ticket, node, as, awaited_bytes);
  count_replies();
}

void Client::resolve(Pipeline::Ticket ticket, const replica::Outcome& outcome) {
  if (broken_) return;
  const auto* done = std::get_if<replica::Done>(&outcome);
  const bool waits = pipeline_.deadline(ticket).has_value();
  auto instead = done == nullptr || !waits ? std::nullopt
                                           : in_place_of(done->answer, context_.limits.output_bytes,
                                                         pipeline_.ask(ticket).is_write());
  if (instead) {
    pipeline_.resolve(ticket, replica::Done{*std::move(instead)}, connection_.output());
  } else {
    pipeline_.resolve(ticket, outcome, connection_.output());
  }
  tell_failures();
  count_replies();
  // At once: many long answers may come in one turn.
  if (reply_bytes() > context_.limits.output_bytes) broken_ = true;
  context_.listener.on_client(*this);
}

void Client::expire(std::chrono::nanoseconds now, bool others_wait) {
  if (pipeline_.take_progress() || waits_for_reader())
    pipeline_.grant(now + context_.limits.request_timeout);
  const bool late = pipeline_.expire(now, connection_.output());
  tell_failures();
  const bool is_silent = holds_room_idly(now) && others_wait;
  const bool gone = (is_silent && expire_silent()) || expire_stuck(now, others_wait);
  if (late || gone) context_.listener.on_client(*this);
}

void Client::tell_failures() {
  const Failures failures = pipeline_.take_failures();
  if (failures != Failures()) context_.listener.on_failures(failures);
}

void Client::give_up(std::string_view why) {
  refuse(why);
  connection_.consume(connection_.input().size());
  favour_ = Favour::None;
  share_.set(held_bytes(0));  // Room for others, who then need not be refused.
}

// Who has sent nothing that is not read yet only stopped: that is no harm while nobody waits.
bool Client::expire_stuck(std::chrono::nanoseconds now, bool others_wait) {
  const bool waits =
      is_favoured() ? others_wait : connection_.arrived() != os::Connection::Arrived::Nothing;
  if (!is_stuck() || !waits) {
    stuck_since_.reset();
  } else if (!stuck_since_) {
    stuck_since_ = now;
  } else if (now - *stuck_since_ >= context_.limits.request_timeout) {
    give_up("the requests of all clients together are too long: send this one again later");
    return true;
  }
  return false;
}

// Nothing of it is under way: the next step is its own.
bool Client::holds_room_idly(std::chrono::nanoseconds now) {
  const bool is_under_way =
      !waits_for_reader() && (pipeline_.size() > 0 || (unparsed_ && has_room()));
  if (!active_at_ || moved_bytes_ >= kAlwaysBytes || is_under_way) {
    active_at_ = now;
    moved_bytes_ = 0;
    unread_bytes_ = connection_.output_bytes() > 0 ? connection_.unacknowledged_bytes() : 0;
  }
  const auto limit = std::max(context_.limits.request_timeout / kSilentShare, kLeastSilence);
  return !stopped_ && !broken_ && held_bytes(connection_.input().size()) > kAlwaysBytes &&
         now - *active_at_ >= limit;
}

// The kernel tells only when a third of what it holds was read; and when this loop was held up,
// what it told was not looked at yet.
bool Client::reads_slowly() {
  const std::size_t before = connection_.output_bytes();
  send();
  return connection_.output_bytes() < before || connection_.unacknowledged_bytes() < unread_bytes_;
}

bool Client::expire_silent() {
  if (!has_room() || waits_for_reader()) {
    if (reads_slowly()) {
      active_at_.reset();
    } else {
      context_.listener.on_silent("it does not read its replies");
      broken_ = true;
    }
    return true;
  }
  switch (connection_.arrived()) {
    case os::Connection::Arrived::Something:
      active_at_.reset();  // It has to wait for room itself.
      return false;
    case os::Connection::Arrived::TheEnd:
      ended_ = true;
      parse();
      return true;
    case os::Connection::Arrived::Nothing:
      break;
  }
  context_.listener.on_silent("it stopped in the middle of a request");
  give_up("the rest of this request did not come, and others wait for the room that it has");
  return true;
}

void Client::tidy() {
  connection_.tidy();
  parser_.tidy();
  pipeline_.tidy();
}

void Client::flush() {
  if (unparsed_) parse();
  if (favour_ == Favour::IsAnswered && pipeline_.size() == 0) favour_ = Favour::None;
  share_.set(held_bytes(connection_.input().size()));
  const bool had_room = has_room();
  send();
  if (broken_) return;
  update_interest();
  // No socket will tell that there is room now. Others have their turn first.
  if (unparsed_ && !had_room && has_room()) context_.listener.on_client(*this);
}

void Client::send() {
  const std::size_t before = connection_.output_bytes();
  if (!connection_.flush()) broken_ = true;
  moved_bytes_ += before - connection_.output_bytes();
  count_replies();
}

void Client::update_interest() {
  const bool read = may_read();
  if (!read && is_stuck()) context_.listener.on_stuck(*this);
  const bool write = connection_.output_bytes() > 0;
  context_.loop.change(watch_, read    ? (write ? Interest::ReadWrite : Interest::Read)
                               : write ? Interest::Write
                                       : Interest::Nothing);
}

}  // namespace server
