// SPDX-License-Identifier: Apache-2.0
#include "server/client.h"

#include "os/clock.h"
#include "server/answers.h"

namespace server {

using Interest = os::Loop::Interest;

Client::Client(const Context& context, ClientId id, os::Fd socket)
    : context_(context),
      id_(id),
      connection_(std::move(socket)),
      watch_(context_.loop.add(connection_.fd(), Interest::Read, *this)),
      parser_(context_.limits.request) {
  session_.id = static_cast<std::int64_t>(id >> kClientPlaceBits);
}

Client::~Client() { context_.loop.remove(watch_); }

bool Client::has_room() const {
  return pipeline_.size() < context_.limits.pipeline &&
         pipeline_.asked_bytes() < context_.limits.input_pause_bytes &&
         reply_bytes() < context_.limits.output_pause_bytes;
}

bool Client::is_finished() const {
  const bool no_more = stopped_ || (ended_ && !unparsed_);
  return broken_ || (no_more && pipeline_.size() == 0 && connection_.output_bytes() == 0);
}

void Client::on_ready(os::Ready ready) {
  if (ready.broken) {
    broken_ = true;
  } else if (ready.read && !stopped_ && !ended_ && has_room()) {
    // It may have closed its side only, and still read the replies.
    ended_ = !connection_.receive();
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
    if (!has_room()) {
      unparsed_ = true;
      break;
    }
    const auto request = parser_.next(input.substr(used));
    if (!request.ok()) {
      std::string reply;
      resp::ReplyWriter(session_.version, reply).error("ERR " + request.error().message);
      pipeline_.add_answered(std::move(reply), connection_.output());
      stopped_ = true;
      break;
    }
    if (!request.value()) break;
    if (!request.value()->arguments.empty()) execute(request.value()->arguments, now);
    used += request.value()->size_bytes;
  }
  connection_.consume(used);
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

void Client::sent(Pipeline::Ticket ticket, raft::NodeId node, replica::RequestId as) {
  pipeline_.sent(ticket, node, as);
}

void Client::resolve(Pipeline::Ticket ticket, const replica::Outcome& outcome) {
  if (broken_) return;
  const auto* done = std::get_if<replica::Done>(&outcome);
  auto instead =
      done == nullptr ? std::nullopt : in_place_of(done->answer, context_.limits.output_bytes);
  if (instead) {
    pipeline_.resolve(ticket, replica::Done{*std::move(instead)}, connection_.output());
  } else {
    pipeline_.resolve(ticket, outcome, connection_.output());
  }
  // At once: many long answers may come in one turn.
  if (reply_bytes() > context_.limits.output_bytes) broken_ = true;
  context_.listener.on_client(*this);
}

void Client::expire(std::chrono::nanoseconds now) {
  if (pipeline_.expire(now, connection_.output())) context_.listener.on_client(*this);
}

void Client::tidy() {
  connection_.tidy();
  pipeline_.tidy();
}

void Client::flush() {
  if (unparsed_) parse();
  if (!connection_.flush()) broken_ = true;
  if (!broken_) update_interest();
}

void Client::update_interest() {
  const bool read = !stopped_ && !ended_ && has_room();
  const bool write = connection_.output_bytes() > 0;
  context_.loop.change(watch_, read    ? (write ? Interest::ReadWrite : Interest::Read)
                               : write ? Interest::Write
                                       : Interest::Nothing);
}

}  // namespace server
