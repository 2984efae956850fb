// SPDX-License-Identifier: Apache-2.0
#include "transport/outbound_link.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "os/clock.h"

namespace transport {
namespace {

constexpr std::chrono::milliseconds kFirstBackoff{20};
constexpr std::chrono::seconds kKeepalive{1};

// After a partition the kernel would try ever more rarely, for minutes. Rather give the connection
// up and open a new one as soon as the network is back. Followers have nothing to say to each other
// for long: a silent connection is tried, too, so that it is known to be dead when its other end
// was cut off without a word, and whoever starts there again is let in.
void notice_death(const os::Fd& socket, std::chrono::milliseconds patience) {
  const auto limit = static_cast<unsigned>(patience.count());
  setsockopt(socket.number(), IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
  os::keep_alive(socket, kKeepalive);
}

// Though the loop may not have said so yet.
bool has_hung_up(int fd) {
  pollfd one{fd, POLLRDHUP, 0};
  return poll(&one, 1, 0) != 0;
}

}  // namespace

OutboundLink::OutboundLink(Links& links, raft::NodeId peer, const os::Address& where)
    : links_(links), peer_(peer), where_(where) {}

bool OutboundLink::has_room() const {
  return state_ == State::Up && stream_->output_bytes() < links_.config.queue_bytes;
}

bool OutboundLink::is_up_to_another(codec::Incarnation life) const {
  return state_ == State::Up && stream_->peer_life() != life && !has_hung_up(stream_->fd());
}

template <class Body>
void OutboundLink::put(const Body& body) {
  const std::size_t before = stream_->output_bytes();
  stream_->send(body);
  statistics().messages_sent += 1;
  statistics().bytes_sent += stream_->output_bytes() - before;
}

void OutboundLink::send(const raft::Message& message) {
  if (!has_room()) {
    statistics().dropped += 1;
    return;
  }
  put(message);
}

bool OutboundLink::forward(const codec::Forward& forward) {
  if (!has_room()) return false;
  put(forward);
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
  notice_death(socket.value(), links_.config.patience);
  auto ready = links_.socket(std::move(socket).value(), TlsContext::Side::Dialer);
  if (!ready.ok()) return drop(ready.error().message);
  stream_ = std::make_unique<FrameStream>(links_.loop, *this, std::move(ready).value(),
                                          links_.expected(peer_));
  state_ = State::Connecting;
  give_up_at_ = now + links_.config.patience;
}

void OutboundLink::on_connected() {
  stream_->connected();
  state_ = State::Greeting;
  stream_->send(codec::Hello{});
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
  const std::uint64_t before = stream_->bytes_received();
  const bool open = stream_->receive();
  statistics().bytes_received += stream_->bytes_received() - before;
  while (stream_ != nullptr) {
    base::Result<std::optional<codec::Frame>> frame = stream_->next();
    if (!frame.ok()) return drop(frame.error().message);
    if (!frame.value()) break;
    on_frame(std::move(*std::move(frame).value()));
  }
  if (open) return;
  const bool greeting = state_ == State::Greeting;
  drop(greeting ? "it closed before its Hello: if it refused this node, its log says why"
                : "it closed");
}

void OutboundLink::on_frame(codec::Frame frame) {
  if (std::holds_alternative<codec::Hello>(frame.body)) {
    if (const std::string doubt = links_.doubt(*stream_, peer_); !doubt.empty()) return drop(doubt);
    state_ = State::Up;
    backoff_ = std::chrono::nanoseconds(0);
    links_.log.event("peer-up",
                     fmt::format("peer={} to={}", peer_.value, os::host_port(where_).text()));
  } else if (auto* reply = std::get_if<codec::ForwardReply>(&frame.body)) {
    statistics().messages_received += 1;
    links_.listener.on_forward_reply(peer_, std::move(*reply));
  } else {
    drop("it sent a request on a connection that is not its own");
  }
}

void OutboundLink::drop(const std::string& reason) {
  const bool was_up = state_ == State::Up;
  stream_.reset();
  state_ = State::Idle;
  const auto now = os::steady_now();
  backoff_ =
      std::clamp<std::chrono::nanoseconds>(2 * backoff_, kFirstBackoff, links_.config.backoff_max);
  retry_at_ = now + backoff_;
  if (was_up || complaints_.allows(now)) {
    links_.log.event("peer-down", fmt::format("peer={} to={} reason={}", peer_.value,
                                              os::host_port(where_).text(), os::quoted(reason)));
  }
  if (was_up) links_.listener.on_link_down(peer_);
}

}  // namespace transport
