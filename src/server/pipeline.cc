// SPDX-License-Identifier: Apache-2.0
#include "server/pipeline.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/answers.h"
#include "session/command.h"

namespace server {
namespace {

constexpr std::size_t kKeptReplyBytes = 512;  // Longer ones give their memory back.

constexpr const char* kLate = "NOTDONE no leader could be reached in time";
constexpr const char* kOvertaken = "NOTDONE the leader changed while this waited for its turn";
constexpr const char* kOverloaded = "NOTDONE too many requests are waiting";
constexpr const char* kUnknown =
    "UNKNOWN the write may or may not take effect: the leader that had it did not answer";

void write_value(const kv::Status& status, resp::ReplyWriter& writer) {
  writer.status(status.text);
}
void write_value(const kv::Error& error, resp::ReplyWriter& writer) { writer.error(error.text); }
void write_value(const kv::Integer& integer, resp::ReplyWriter& writer) {
  writer.integer(integer.value);
}
void write_value(const kv::Bulk& bulk, resp::ReplyWriter& writer) { writer.bulk(bulk.bytes); }
void write_value(const kv::Nil& /*nil*/, resp::ReplyWriter& writer) { writer.nil(); }
void write_value(const kv::Array& array, resp::ReplyWriter& writer) {  // NOLINT: bounded depth.
  writer.array(array.items.size());
  for (const kv::Reply& item : array.items) write_reply(item, writer);
}

// False: no answer of our state machine.
bool write_answer(const machine::Answer& answer, resp::ReplyWriter writer) {
  // What nearly every write is answered: known by sight, it need not be taken apart.
  static const machine::Answer kOk = answer_of(kv::Reply{kv::Status{"OK"}});
  if (answer == kOk) {
    writer.status("OK");
    return true;
  }
  // And nearly every read.
  const base::Result<session::Unwrapped> unwrapped = session::unwrap(answer);
  if (unwrapped.ok() && unwrapped.value().kind == session::Kind::Answer) {
    if (const auto bytes = kv::plain_bulk(unwrapped.value().answer)) {
      writer.bulk(*bytes);
      return true;
    }
  }
  const std::optional<kv::Reply> reply = reply_of(answer);
  if (reply) write_reply(*reply, writer);
  return reply.has_value();
}

}  // namespace

void write_reply(const kv::Reply& reply, resp::ReplyWriter& writer) {  // NOLINT: bounded depth.
  std::visit([&](const auto& value) { write_value(value, writer); }, reply.value);
}

void Pipeline::add_answered(std::string reply, std::string& out) {
  if (slots_.empty()) {
    out += reply;
    return;
  }
  Slot& slot = push();
  slot.reply = std::move(reply);
  close(slot, State::Answered);
}

void Pipeline::add(Ask ask, resp::Version version, Time deadline) {
  Slot& slot = push();
  slot.ask = std::move(ask);
  asked_bytes_ += slot.ask.size_bytes();
  slot.version = version;
  slot.deadline = deadline;
  ++unsent_;
}

Pipeline::Slot& Pipeline::push() {
  Slot& slot = slots_.push();
  slot.state = State::Unsent;
  slot.reply.clear();
  return slot;
}

std::string& Pipeline::place_of(std::size_t at, std::string& out) {
  return at == 0 ? out : slots_[at].reply;
}

const Ask* Pipeline::find_next() const {
  if (unsent_ == 0) return nullptr;
  std::size_t next = first_unsent_;
  while (slots_[next].state != State::Unsent) ++next;
  return &slots_[next].ask;
}

bool Pipeline::is_next_for_this_node() const {
  const Ask* next = find_next();
  return next != nullptr && next->admin != nullptr;
}

bool Pipeline::is_next_a_read() const {
  const Ask* next = find_next();
  return next != nullptr && !next->is_write();
}

std::optional<Pipeline::Time> Pipeline::deadline(Ticket ticket) const {
  if (ticket < front_ || slots_[ticket - front_].state != State::Sent) return std::nullopt;
  return slots_[ticket - front_].deadline;
}

std::optional<Pipeline::Ticket> Pipeline::next_for(raft::NodeId node) const {
  if (unsent_ == 0 || refused_ > 0) return std::nullopt;
  std::size_t next = first_unsent_;
  while (slots_[next].state != State::Unsent) ++next;
  if (writes_sent_ + reads_sent_ > 0 && target_ != node) return std::nullopt;
  if (slots_[next].ask.is_write() && reads_sent_ > 0) return std::nullopt;
  return front_ + next;
}

void Pipeline::sent(Ticket ticket, raft::NodeId node, replica::RequestId as,
                    std::size_t awaited_bytes) {
  const std::size_t at = ticket - front_;
  Slot& slot = slots_[at];
  CHECK(slot.state == State::Unsent);
  slot.expires = expiry(slot);
  slot.awaited_bytes = awaited_bytes;
  awaited_bytes_ += awaited_bytes;
  slot.state = State::Sent;
  --unsent_;
  first_unsent_ = at + 1;
  target_ = node;
  if (slot.ask.is_write()) {
    last_write_ = as;
    ++writes_sent_;
  } else {
    ++reads_sent_;
  }
}

void Pipeline::leave_flight(const Slot& slot) {
  std::size_t& count = slot.ask.is_write() ? writes_sent_ : reads_sent_;
  CHECK(count > 0);
  --count;
  awaited_bytes_ -= slot.awaited_bytes;
}

void Pipeline::resolve(Ticket ticket, const replica::Outcome& outcome, std::string& out) {
  if (ticket < front_) return;
  const std::size_t at = ticket - front_;
  Slot& slot = slots_[at];
  if (slot.state != State::Sent) return;
  leave_flight(slot);
  std::string& reply = place_of(at, out);
  const auto* not_done = std::get_if<replica::NotDone>(&outcome);
  const auto* done = std::get_if<replica::Done>(&outcome);
  if (done != nullptr && write_answer(done->answer, resp::ReplyWriter(slot.version, reply))) {
    close(slot, State::Executed);
    progress_ = true;
  } else if (not_done != nullptr && not_done->reason == replica::NotDone::Reason::Overloaded) {
    answer_error(slot, State::Answered, kOverloaded, reply);
  } else if (not_done == nullptr && slot.ask.is_write()) {
    answer_error(slot, State::Executed, kUnknown, reply);
  } else {
    slot.state = State::Refused;
    ++refused_;
  }
  decide_refused(out);
  drain(out);
}

// Once nothing is under way any more: what was refused and is followed by something that was
// executed cannot be done in its turn; all after the last such goes back to wait.
void Pipeline::decide_refused(std::string& out) {
  if (refused_ == 0 || writes_sent_ + reads_sent_ > 0) return;
  bool overtaken = false;
  for (std::size_t i = first_unsent_; i-- > 0;) {
    Slot& slot = slots_[i];
    if (slot.state == State::Executed) overtaken = true;
    if (slot.state != State::Refused) continue;
    if (overtaken) {
      answer_error(slot, State::Answered, kOvertaken, place_of(i, out));
    } else {
      slot.state = State::Unsent;
      first_unsent_ = i;
      ++unsent_;
    }
  }
  refused_ = 0;
}

// What is granted only rises, so they come in order.
Pipeline::Time Pipeline::expiry(const Slot& slot) const {
  return slot.state == State::Unsent ? std::max(slot.deadline, granted_) : slot.expires;
}

bool Pipeline::expire(Time now, std::string& out) {
  bool any = false;
  for (std::size_t at = 0; at < slots_.size(); ++at) {
    Slot& slot = slots_[at];
    if (slot.state == State::Executed || slot.state == State::Answered) continue;
    if (expiry(slot) > now) break;  // They come in order.
    any = true;
    const bool was_sent = slot.state == State::Sent;
    if (was_sent) leave_flight(slot);
    if (slot.state == State::Refused) --refused_;
    if (slot.state == State::Unsent) --unsent_;
    const bool unknown = was_sent && slot.ask.is_write();
    answer_error(slot, unknown ? State::Executed : State::Answered, unknown ? kUnknown : kLate,
                 place_of(at, out));
  }
  if (!any) return false;
  decide_refused(out);
  drain(out);
  return true;
}

void Pipeline::tidy() {
  if (slots_.empty()) slots_.release();
}

void Pipeline::close(Slot& slot, State state) {
  slot.state = state;
  asked_bytes_ -= slot.ask.size_bytes();
  slot.ask.command.reset();
  slot.ask.query.clear();
  kept_bytes_ += slot.reply.size();
}

void Pipeline::answer_error(Slot& slot, State state, const char* text, std::string& out) {
  Failures::OfAKind& failures = slot.ask.is_write() ? failures_.writes : failures_.reads;
  if (slot.ask.admin == nullptr)
    ++(state == State::Executed ? failures.unknown : failures.not_done);
  resp::ReplyWriter(slot.version, out).error(text);
  close(slot, state);
}

void Pipeline::drain(std::string& out) {
  while (!slots_.empty()) {
    Slot& slot = slots_[0];
    if (slot.state != State::Executed && slot.state != State::Answered) return;
    out += slot.reply;
    kept_bytes_ -= slot.reply.size();
    if (slot.reply.capacity() > kKeptReplyBytes) slot.reply = std::string();
    slots_.pop_front();
    ++front_;
    if (first_unsent_ > 0) --first_unsent_;
  }
}

}  // namespace server
