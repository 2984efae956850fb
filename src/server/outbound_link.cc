// SPDX-License-Identifier: Apache-2.0
#include "server/outbound_link.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

#include "os/clock.h"

namespace server {
namespace {

constexpr std::chrono::milliseconds kFirstBackoff{20};

// After a partition the kernel would try ever more rarely, for minutes. Rather give the connection
// up and open a new one as soon as the network is back.
void limit_retransmission(int fd, std::chrono::milliseconds patience) {
  const auto limit = static_cast<unsigned>(patience.count());
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
}

}  // namespace

OutboundLink::OutboundLink(const Context& context, raft::NodeId peer, const os::Address& where)
    : context_(context), peer_(peer), where_(where) {}

codec::Address OutboundLink::address() const {
  return {context_.config.cluster, context_.config.self, peer_};
}

bool OutboundLink::has_room() const {
  return state_ == State::Up && stream_->output_bytes() < context_.config.queue_bytes;
}

void OutboundLink::send(const raft::Message& message) {
  if (has_room()) stream_->send(address(), message);
}

bool OutboundLink::forward(const codec::Forward& forward) {
  if (!has_room()) return false;
  stream_->send(address(), forward);
  return true;
}

void OutboundLink::flush() {
  if (stream_ != nullptr && state_ != State::Connecting && !stream_->flush())
    drop("the connection broke");
}

void OutboundLink::on_time(std::chrono::nanoseconds now) {
  if (state_ == State::Idle) {
    if (now >= retry_at_) connect(now);
  } else if (state_ != State::Up && now >= give_up_at_) {
    drop("no answer in time");
  }
}

void OutboundLink::connect(std::chrono::nanoseconds now) {
  base::Result<os::Fd> socket = os::connect_tcp(where_);
  if (!socket.ok()) return drop(socket.error().message);
  limit_retransmission(socket.value().number(), context_.config.patience);
  const codec::Expected expected{context_.config.cluster, context_.config.self, peer_};
  stream_ = std::make_unique<FrameStream>(context_.loop, *this, std::move(socket).value(), expected,
                                          true);
  state_ = State::Connecting;
  give_up_at_ = now + context_.config.patience;
}

void OutboundLink::on_connected() {
  stream_->connected();
  state_ = State::Greeting;
  stream_->send(address(), codec::Hello{});
  flush();
}

void OutboundLink::on_ready(os::Ready ready) {
  if (state_ == State::Connecting) {
    int failure = 0;
    socklen_t size = sizeof failure;
    getsockopt(stream_->fd(), SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure != 0) return drop(std::generic_category().message(failure));
    return on_connected();
  }
  if (ready.write) flush();
  if (!ready.read || stream_ == nullptr) return;
  const bool open = stream_->receive();
  while (stream_ != nullptr) {
    base::Result<std::optional<codec::Frame>> frame = stream_->next();
    if (!frame.ok()) return drop(frame.error().message);
    if (!frame.value()) break;
    on_frame(std::move(*std::move(frame).value()));
  }
  if (!open) drop(state_ == State::Greeting ? "it closed before its Hello" : "it closed");
}

void OutboundLink::on_frame(codec::Frame frame) {
  if (std::holds_alternative<codec::Hello>(frame.body)) {
    state_ = State::Up;
    backoff_ = std::chrono::nanoseconds(0);
    context_.log.event("peer-up",
                       fmt::format("peer={} to={}", peer_.value, os::host_port(where_).text()));
  } else if (auto* reply = std::get_if<codec::ForwardReply>(&frame.body)) {
    context_.listener.on_forward_reply(peer_, std::move(*reply));
  } else {
    drop("it sent a request on a connection that is not its own");
  }
}

void OutboundLink::drop(const std::string& reason) {
  const bool was_up = state_ == State::Up;
  stream_.reset();
  state_ = State::Idle;
  const auto now = os::steady_now();
  backoff_ = std::clamp<std::chrono::nanoseconds>(2 * backoff_, kFirstBackoff,
                                                  context_.config.backoff_max);
  retry_at_ = now + backoff_;
  if (was_up || complaints_.allows(now)) {
    context_.log.event("peer-down", fmt::format("peer={} to={} reason={}", peer_.value,
                                                os::host_port(where_).text(), quoted(reason)));
  }
  if (was_up) context_.listener.on_link_down(peer_);
}

}  // namespace server
