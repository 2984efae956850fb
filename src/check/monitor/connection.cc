// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "check/monitor/sockets.h"

namespace check::monitor {
namespace {

// How much of a delayed stream is kept before its sender is slowed down.
constexpr std::size_t kDelayedBytes = std::size_t{1} << 20;

// How the kernel says that a peer has stopped answering.
bool vanished(int error) {
  return error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH;
}

}  // namespace

void Connection::on_leg(Side side, std::uint32_t events) {
  Leg& leg = legs_[side];
  if (state_ == State::Over || !leg.watched) return;  // An event from before.
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (state_ == State::Asking) {
    if (!answer_) {
      on_asked();
      return;
    }
  }
  if (state_ != State::Open) {  // Its time comes when the other half has joined.
    if (broken) unwatch(leg);
    return;
  }
  if ((events & EPOLLOUT) != 0 && leg.blocked) {
    leg.blocked = false;
    flush(other(side));
  }
  if (state_ == State::Open && (broken || (events & EPOLLIN) != 0)) {
    if (wants_input(side)) {
      read(side);
    } else if (broken) {
      on_broken(leg);
    }
  }
  if (state_ == State::Open) update();
}

// An error on a leg that is not to be read now. If its stream has ended before, this is the news;
// else the error waits in the socket until the stream is read again.
void Connection::on_broken(Leg& leg) {
  int error = 0;
  socklen_t size = sizeof error;
  if (ended_in_order(leg.side)) {
    getsockopt(leg.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  }
  unwatch(leg);
  if (error != 0) end_stream(leg.side, error);
}

bool Connection::wants_input(Side side) const {
  const Stream& stream = streams_[side];
  const Leg& receiver = legs_[other(side)];
  if (has_ended(side) || links_[side]->held || receiver.failure != 0) return false;
  if (acts() && talk_->stalled(direction_of(side))) return false;
  return stream.empty() || (!receiver.blocked && stream.waiting_bytes() < kDelayedBytes);
}

void Connection::read(Side side) {
  Leg& leg = legs_[side];
  const ssize_t size =
      recv(leg.fd.get(), context_.scratch.data(), context_.scratch.size(), MSG_DONTWAIT);
  if (size > 0) {
    admit(side, std::span(context_.scratch).first(static_cast<std::size_t>(size)));
  } else if (size == 0) {
    end_stream(side, leg.failure);
  } else if (errno != EAGAIN && errno != EINTR) {
    end_stream(side, leg.failure != 0 ? leg.failure : errno);
  }
}

// The one place that decides what becomes of a chunk.
void Connection::admit(Side side, std::span<const char> chunk) {
  Link& link = *links_[side];
  link.chunks.add(1);
  link.stream.read.add(chunk.size());
  read_[side] += chunk.size();
  if (!acts()) emit(side, chunk);
  if (talk_ == nullptr) return;
  talk_->hear(direction_of(side), {chunk.data(), chunk.size()}, monotonic_ns());
  if (acts()) carry_out();
}

// Bytes go on, or wait behind those that do already.
void Connection::emit(Side side, std::span<const char> bytes) {
  if (bytes.empty()) return;
  Link& link = *links_[side];
  if (legs_[other(side)].failure != 0) {
    link.stream.discarded.add(bytes.size());
    return;
  }
  const std::uint64_t delay = link.draw_delay_ns();
  if (delay == 0 && streams_[side].empty() && !link.held) {
    const std::size_t written = write(side, bytes);
    if (legs_[other(side)].failure != 0) {
      link.stream.discarded.add(bytes.size() - written);
    } else if (written < bytes.size()) {
      streams_[side].append(bytes.subspan(written), 0);
    }
    return;
  }
  streams_[side].append(bytes, context_.loop.now_ns() + delay);
  flush(side);
}

// Hands on what the receiver takes at once.
std::size_t Connection::write(Side from, std::span<const char> bytes) {
  Leg& leg = legs_[other(from)];
  const ssize_t size = send(leg.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (size < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      leg.blocked = true;
    } else {
      leg.failure = errno;
      if (ended_in_order(leg.side)) {  // Else reading will tell.
        if (ends_[leg.side]) {
          ends_[leg.side] = leg.failure;
        } else {
          mark_end(leg.side, leg.failure);
        }
        wake_at(context_.loop.now_ns());
      }
    }
    return 0;
  }
  const auto written = static_cast<std::size_t>(size);
  leg.blocked = written < bytes.size();
  links_[from]->stream.written.add(written);
  links_[from]->bytes.add(written);
  log(from, kAck | kPush, bytes.first(written));
  return written;
}

void Connection::flush(Side side) {
  if (state_ != State::Open || links_[side]->held || finished_[side]) return;
  Stream& stream = streams_[side];
  const std::uint64_t now = context_.loop.now_ns();
  const Leg& receiver = legs_[other(side)];
  while (!receiver.blocked && receiver.failure == 0) {
    const auto bytes = stream.ready(now);
    if (bytes.empty()) break;
    const std::size_t written = write(side, bytes);
    if (state_ != State::Open) return;
    stream.consume(written);
  }
  if (receiver.failure != 0) links_[side]->stream.discarded.add(stream.clear());
  if (state_ != State::Open) return;
  const Stream::End end = stream.ended(now);
  if (end != Stream::End::None) {
    deliver_end(side, end);
    return;
  }
  const auto due = stream.next_due_ns();
  if (due && *due > now && timer_ns_[side] != *due) {
    timer_ns_[side] = *due;
    wake_at(*due);
  }
}

void Connection::mark_end(Side side, int error) {
  const Stream::End end = error == 0        ? Stream::End::Fin
                          : vanished(error) ? Stream::End::Vanished
                                            : Stream::End::Reset;
  finished_[side] = false;
  streams_[side].set_end(end, context_.loop.now_ns() + links_[side]->draw_delay_ns());
}

void Connection::end_stream(Side side, int error) {
  if (acts() && streams_[side].end() == Stream::End::None) {
    ends_[side] = error;
    talk_->hear_end(direction_of(side), error == 0);
    carry_out();
    return;
  }
  mark_end(side, error);
  flush(side);
}

bool Connection::has_ended(Side side) const {
  return ends_[side] || streams_[side].end() != Stream::End::None;
}

bool Connection::ended_in_order(Side side) const {
  return ends_[side] ? *ends_[side] == 0 : streams_[side].end() == Stream::End::Fin;
}

void Connection::deliver_end(Side side, Stream::End end) {
  switch (end) {
    case Stream::End::None:
      break;
    case Stream::End::Fin:
      log(side, kAck | kFin, {});
      finished_[side] = true;
      shutdown(legs_[other(side)].fd.get(), SHUT_WR);
      if (finished_[other(side)]) finish(ConnectionChange::Closed);
      break;
    case Stream::End::Reset:
      log(side, kAck | kReset, {});
      finish(ConnectionChange::Reset);
      break;
    case Stream::End::Vanished:
      finish(ConnectionChange::Vanished);
      break;
  }
}

// --- Watching -----------------------------------------------------------------------------------

void Connection::update() {
  for (Leg& leg : legs_) watch(leg);
}

void Connection::unwatch(Leg& leg) {
  if (leg.watched) context_.loop.remove(leg.fd.get());
  leg.watched.reset();
}

void Connection::watch(Leg& leg) {
  if (!leg.fd.open()) return;
  std::uint32_t events = 0;
  if (state_ == State::Open && wants_input(leg.side)) events |= EPOLLIN;
  if (leg.blocked && leg.failure == 0) events |= EPOLLOUT;
  if (!leg.watched) {
    if (events == 0) return;  // Watched once there is something to wait for.
    if (context_.loop.add(leg.fd.get(), events, leg).ok()) {
      leg.watched = events;
    } else {
      reset();
    }
  } else if (*leg.watched != events) {
    context_.loop.change(leg.fd.get(), events, leg);
    leg.watched = events;
  }
}

// --- The end ------------------------------------------------------------------------------------

void Connection::reset() {
  if (state_ == State::Asking) {
    give_up();
  } else if (state_ != State::Over) {
    if (state_ == State::Open) log(Client, kAck | kReset, {});
    finish(ConnectionChange::Reset);
  }
}

void Connection::finish(ConnectionChange change) {
  for (const Leg& leg : legs_) {
    if (!leg.fd.open()) continue;
    if (change == ConnectionChange::Reset) reset_on_close(leg.fd.get());
    if (change == ConnectionChange::Vanished) silence_on_close(leg.fd.get());
  }
  note(change);
  over();
}

void Connection::over() {
  std::map<DirectedPair, StreamCount> counts;
  add_kernel_counts(counts);
  for (const Side side : {Client, Server}) {
    StreamCounters& stream = links_[side]->stream;
    const StreamCount& count = counts[links_[side]->pair];
    stream.kernel_received.add(count.kernel_received);
    stream.kernel_unread.add(count.kernel_unread);
    stream.discarded.add(streams_[side].clear());
    unwatch(legs_[side]);
    legs_[side].fd.close();
  }
  if (talk_ != nullptr) talk_->lose_all();
  state_ = State::Over;
  context_.forget(flow_);
}

void Connection::add_kernel_counts(std::map<DirectedPair, StreamCount>& counts) const {
  for (const Side side : {Client, Server}) {
    StreamCount& count = counts[links_[side]->pair];
    count.waiting += streams_[side].waiting_bytes();
    if (talk_ != nullptr) count.waiting += talk_->waiting_bytes(direction_of(side));
    const int fd = legs_[side].fd.get();
    if (fd < 0 || state_ == State::Asking) continue;
    const ReceivedBytes received = received_bytes(fd);
    // The kernel counts a FIN as one byte.
    const std::uint64_t explained = read_[side] + received.unread;
    const bool fin = received.may_hold_fin && received.total == explained + 1;
    count.kernel_received += received.total - (fin ? 1 : 0);
    count.kernel_unread += received.unread;
  }
}

void Connection::note(ConnectionChange change) {
  context_.events.add({.time_ns = monotonic_ns(),
                       .change = change,
                       .pair = links_[Client]->pair,
                       .client_port = flow_.client.port,
                       .server_port = flow_.server.port});
}

void Connection::log(Side from, std::uint8_t flags, std::span<const char> payload) {
  if (context_.traffic == nullptr) return;
  const bool forth = from == Client;
  const SegmentHead head{.from = forth ? flow_.client : flow_.server,
                         .to = forth ? flow_.server : flow_.client,
                         .sequence = sequence_[from],
                         .acknowledged = sequence_[other(from)],
                         .flags = flags};
  context_.traffic->record(head, payload);
  sequence_[from] += static_cast<std::uint32_t>(payload.size());
  if ((flags & (kSyn | kFin)) != 0) ++sequence_[from];
}

void Connection::wake_at(std::uint64_t due_ns) const { context_.wake_at(due_ns, number_); }

}  // namespace check::monitor
