// SPDX-License-Identifier: Apache-2.0
// A connection whose messages are acted on: what its conversation wants done.
#include <sys/socket.h>

#include "check/monitor/connection.h"
#include "check/monitor/sockets.h"

namespace check::monitor {

void Connection::settle(std::uint64_t ticket, Settled settled) {
  talk_->settle(ticket, settled, monotonic_ns());
  carry_out();
  if (state_ == State::Open) update();
}

void Connection::wake_talk() {
  talk_->wake(monotonic_ns());
  for (const Side side : {Client, Server}) {
    if (ends_[side].value_or(0) != 0) talk_->hear_end(direction_of(side), false);
  }
  carry_out();
}

void Connection::carry_out() {
  const Conversation::Given given = talk_->take_given();
  for (const Side side : {Client, Server}) emit(side, given.bytes[side]);
  if (state_ != State::Open) return;
  if (given.reset) {
    reset();
    return;
  }
  if (given.close) close_to_both();
  for (const Side side : {Client, Server}) {
    if (state_ != State::Open || !ends_[side] || !talk_->may_end(direction_of(side))) continue;
    mark_end(side, *std::exchange(ends_[side], std::nullopt));
    flush(side);
  }
  if (state_ != State::Open) return;
  const auto due = talk_->next_due_ns();
  if (due && talk_timer_ns_ != *due) {
    talk_timer_ns_ = *due;
    wake_at(*due);
  }
}

// What has come so far is taken in first: a socket that is closed with unread bytes sends a reset.
void Connection::close_to_both() {
  for (const Side side : {Client, Server}) {
    ssize_t size = 0;
    while ((size = recv(legs_[side].fd.get(), context_.scratch.data(), context_.scratch.size(),
                        MSG_DONTWAIT)) > 0) {
      const auto count = static_cast<std::uint64_t>(size);
      links_[side]->stream.read.add(count);
      links_[side]->stream.discarded.add(count);
      read_[side] += count;
    }
  }
  for (const Side side : {Client, Server}) {
    ends_[side].reset();
    if (streams_[side].end() == Stream::End::None) mark_end(side, 0);
  }
  for (const Side side : {Client, Server}) {
    if (state_ == State::Open) flush(side);
  }
}

}  // namespace check::monitor
