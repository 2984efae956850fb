// SPDX-License-Identifier: Apache-2.0
#include "transport/inbound_link.h"

#include <fmt/core.h>

#include "os/clock.h"

namespace transport {
namespace {

// Answers that are no longer are always passed on: those of nearly all writes.
constexpr std::size_t kShortBytes = std::size_t{4} * 1024;

}  // namespace

InboundLink::InboundLink(Links& links, InboundId id, os::Fd socket)
    : links_(links), id_(id), opened_at_(os::steady_now()) {
  const base::Result<os::HostPort> from = os::remote_address(socket);
  from_ = from.ok() ? from.value().text() : "?";
  auto ready = links_.socket(std::move(socket), TlsContext::Side::Acceptor);
  if (!ready.ok()) {
    refuse(ready.error().message);
    return;
  }
  stream_ = std::make_unique<FrameStream>(links_.loop, *this, std::move(ready).value(),
                                          links_.expected(std::nullopt));
}

void InboundLink::reply(const codec::ForwardReply& reply) {
  if (stream_ == nullptr || !peer_) return;
  const auto* done = std::get_if<codec::ForwardDone>(&reply.outcome);
  if (done != nullptr && done->payload.size() > kShortBytes && is_full()) {
    stream_->send(codec::ForwardReply{reply.sequence, codec::ForwardUnknown{}});
  } else {
    stream_->send(reply);
  }
  links_.statistics[*peer_].messages_sent += 1;
}

void InboundLink::flush() {
  if (stream_ == nullptr) return;
  const std::size_t before = stream_->output_bytes();
  if (!stream_->flush()) return close();
  const std::size_t after = stream_->output_bytes();
  if (after < before || after == 0) {
    stuck_since_.reset();
  } else if (!stuck_since_) {
    stuck_since_ = os::steady_now();
  }
}

bool InboundLink::is_deaf(std::chrono::nanoseconds now) const {
  return is_open() && is_full() && stuck_since_ && now > *stuck_since_ + links_.config.patience;
}

void InboundLink::close_deaf() {
  close();
  if (links_.complaints.allows(os::steady_now())) {
    links_.log.event("peer-deaf",
                     fmt::format("from={} reason=\"it asks and does not read\"", from_));
  }
}

void InboundLink::refuse(const std::string& reason) {
  close();
  if (peer_) links_.statistics[*peer_].refused += 1;
  if (links_.complaints.allows(os::steady_now())) {
    links_.log.event("peer-refused", fmt::format("from={} reason={}", from_, os::quoted(reason)));
  }
}

// A second process with the id of a member, or one on a copy of its data, at another address: who
// lives at the member's own address is the member. Or the member itself has started again and its
// former connection is not known to be dead: then it is let in when that has ended.
void InboundLink::refuse_double() {
  const raft::NodeId id = *peer_;
  refuse(
      fmt::format("node {} runs at {}: this is a second process with its id, unless it has just "
                  "started again there",
                  id.value, links_.config.peers.at(id).text()));
}

void InboundLink::on_ready(os::Ready ready) {
  if (ready.write) flush();
  if (!ready.read || stream_ == nullptr) return;
  const std::uint64_t before = stream_->bytes_received();
  const bool open = stream_->receive();
  if (peer_) links_.statistics[*peer_].bytes_received += stream_->bytes_received() - before;
  while (stream_ != nullptr) {
    base::Result<std::optional<codec::Frame>> frame = stream_->next();
    if (!frame.ok()) return refuse(frame.error().message);
    if (!frame.value()) break;
    on_frame(std::move(*std::move(frame).value()));
  }
  if (!open) close();
}

void InboundLink::on_hello(raft::NodeId from) {
  if (from == links_.config.self) return refuse("it says that it is this node");
  if (links_.config.peers.count(from) == 0) {
    return refuse(fmt::format("n{} is not one of this cluster's nodes", from.value));
  }
  if (const std::string doubt = links_.doubt(*stream_, from); !doubt.empty()) return refuse(doubt);
  peer_ = from;
  if (is_double()) return refuse_double();
  links_.close_older(from, id_);
  stream_->send(codec::Hello{});
  flush();
}

void InboundLink::on_frame(codec::Frame frame) {
  const raft::NodeId from = frame.address.from;
  if (std::holds_alternative<codec::Hello>(frame.body)) return on_hello(from);
  links_.statistics[from].messages_received += 1;
  if (auto* message = std::get_if<raft::Message>(&frame.body)) {
    links_.listener.on_message(from, std::move(*message));
  } else if (auto* forward = std::get_if<codec::Forward>(&frame.body)) {
    on_forward(from, std::move(*forward));
  } else {
    refuse("it answered what was not asked on its connection");
  }
}

// What nobody has room for the answer of is better not read.
void InboundLink::on_forward(raft::NodeId from, codec::Forward forward) {
  if (forward.kind == codec::Forward::Kind::Read && is_full()) {
    const codec::ForwardNotDone overloaded{codec::ForwardNotDone::Reason::Overloaded, std::nullopt};
    return reply({forward.sequence, overloaded});
  }
  links_.listener.on_forward(from, id_, std::move(forward));
}

}  // namespace transport
