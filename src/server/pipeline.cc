// SPDX-License-Identifier: Apache-2.0
#include "server/pipeline.h"

#include <utility>

namespace server {
namespace {

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

}  // namespace

void write_reply(const kv::Reply& reply, resp::ReplyWriter& writer) {  // NOLINT: bounded depth.
  std::visit([&](const auto& value) { write_value(value, writer); }, reply.value);
}

void Pipeline::add_answered(std::string reply, std::string& out) {
  if (slots_.empty()) {
    out += reply;
    return;
  }
  Slot slot;
  slot.state = State::Answered;
  slot.reply = std::move(reply);
  slots_.push_back(std::move(slot));
}

void Pipeline::add(Ask ask, resp::Version version, Time deadline) {
  Slot slot;
  slot.ask = std::move(ask);
  slot.version = version;
  slot.deadline = deadline;
  slots_.push_back(std::move(slot));
  ++unsent_;
}

std::optional<Pipeline::Ticket> Pipeline::next_for(raft::NodeId node) const {
  if (unsent_ == 0 || refused_ > 0) return std::nullopt;
  std::size_t next = first_unsent_;
  while (slots_[next].state != State::Unsent) ++next;
  if (writes_sent_ + reads_sent_ > 0 && target_ != node) return std::nullopt;
  if (slots_[next].ask.is_write() && reads_sent_ > 0) return std::nullopt;
  return front_ + next;
}

void Pipeline::sent(Ticket ticket, raft::NodeId node, replica::RequestId as) {
  const std::size_t at = ticket - front_;
  Slot& slot = slots_[at];
  CHECK(slot.state == State::Unsent);
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
}

void Pipeline::resolve(Ticket ticket, const replica::Outcome& outcome, std::string& out) {
  if (ticket < front_) return;
  Slot& slot = slots_[ticket - front_];
  if (slot.state != State::Sent) return;
  leave_flight(slot);
  const auto* not_done = std::get_if<replica::NotDone>(&outcome);
  if (const auto* done = std::get_if<replica::Done>(&outcome)) {
    answer(slot, State::Executed, done->reply);
  } else if (not_done != nullptr && not_done->reason == replica::NotDone::Reason::Overloaded) {
    answer_error(slot, State::Answered, kOverloaded);
  } else if (not_done == nullptr && slot.ask.is_write()) {
    answer_error(slot, State::Executed, kUnknown);
  } else {
    slot.state = State::Refused;
    ++refused_;
  }
  decide_refused();
  drain(out);
}

// Once nothing is under way any more: what was refused and is followed by something that was
// executed cannot be done in its turn; all after the last such goes back to wait.
void Pipeline::decide_refused() {
  if (refused_ == 0 || writes_sent_ + reads_sent_ > 0) return;
  bool overtaken = false;
  for (std::size_t i = first_unsent_; i-- > 0;) {
    Slot& slot = slots_[i];
    if (slot.state == State::Executed) overtaken = true;
    if (slot.state != State::Refused) continue;
    if (overtaken) {
      answer_error(slot, State::Answered, kOvertaken);
    } else {
      slot.state = State::Unsent;
      first_unsent_ = i;
      ++unsent_;
    }
  }
  refused_ = 0;
}

bool Pipeline::expire(Time now, std::string& out) {
  bool any = false;
  for (Slot& slot : slots_) {
    if (slot.state == State::Executed || slot.state == State::Answered) continue;
    if (slot.deadline > now) break;  // Deadlines come in order.
    any = true;
    const bool was_sent = slot.state == State::Sent;
    if (was_sent) leave_flight(slot);
    if (slot.state == State::Refused) --refused_;
    if (slot.state == State::Unsent) --unsent_;
    const bool unknown = was_sent && slot.ask.is_write();
    answer_error(slot, unknown ? State::Executed : State::Answered, unknown ? kUnknown : kLate);
  }
  if (!any) return false;
  decide_refused();
  drain(out);
  return true;
}

void Pipeline::answer(Slot& slot, State state, const kv::Reply& reply) {
  resp::ReplyWriter writer(slot.version, slot.reply);
  write_reply(reply, writer);
  slot.state = state;
  slot.ask = Ask{};
}

void Pipeline::answer_error(Slot& slot, State state, const char* text) {
  resp::ReplyWriter(slot.version, slot.reply).error(text);
  slot.state = state;
  slot.ask = Ask{};
}

void Pipeline::drain(std::string& out) {
  while (!slots_.empty()) {
    const State state = slots_.front().state;
    if (state != State::Executed && state != State::Answered) return;
    out += slots_.front().reply;
    slots_.pop_front();
    ++front_;
    if (first_unsent_ > 0) --first_unsent_;
  }
}

}  // namespace server
