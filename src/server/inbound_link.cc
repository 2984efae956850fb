// SPDX-License-Identifier: Apache-2.0
#include "server/inbound_link.h"

#include <fmt/core.h>

#include "os/clock.h"

namespace server {

InboundLink::InboundLink(const Context& context, InboundId id, os::Fd socket)
    : context_(context), id_(id), opened_at_(os::steady_now()) {
  const base::Result<os::HostPort> from = os::remote_address(socket);
  from_ = from.ok() ? from.value().text() : "?";
  const codec::Expected expected{context_.config.cluster, context_.config.self, std::nullopt};
  stream_ = std::make_unique<FrameStream>(context_.loop, *this, std::move(socket), expected, false);
}

void InboundLink::reply(const codec::ForwardReply& reply) {
  if (stream_ == nullptr || !peer_) return;
  stream_->send({context_.config.cluster, context_.config.self, *peer_}, reply);
  // It asks and does not read the answers.
  if (stream_->output_bytes() > 2 * context_.config.queue_bytes) refuse("it does not read");
}

void InboundLink::flush() {
  if (stream_ != nullptr && !stream_->flush()) close();
}

void InboundLink::refuse(const std::string& reason) {
  close();
  if (context_.complaints.allows(os::steady_now()))
    context_.log.event("peer-refused", fmt::format("from={} reason={}", from_, quoted(reason)));
}

void InboundLink::on_ready(os::Ready ready) {
  if (ready.write) flush();
  if (!ready.read || stream_ == nullptr) return;
  const bool open = stream_->receive();
  while (stream_ != nullptr) {
    base::Result<std::optional<codec::Frame>> frame = stream_->next();
    if (!frame.ok()) return refuse(frame.error().message);
    if (!frame.value()) break;
    on_frame(std::move(*std::move(frame).value()));
  }
  if (!open) close();
}

void InboundLink::on_frame(codec::Frame frame) {
  const raft::NodeId from = frame.address.from;
  if (std::holds_alternative<codec::Hello>(frame.body)) {
    if (from == context_.config.self) return refuse("it says that it is this node");
    if (context_.config.nodes.count(from) == 0)
      return refuse(fmt::format("n{} is not one of this cluster's nodes", from.value));
    peer_ = from;
    stream_->send({context_.config.cluster, context_.config.self, from}, codec::Hello{});
    return flush();
  }
  if (auto* message = std::get_if<raft::Message>(&frame.body)) {
    context_.listener.on_message(from, std::move(*message));
  } else if (auto* forward = std::get_if<codec::Forward>(&frame.body)) {
    context_.listener.on_forward(from, id_, std::move(*forward));
  } else {
    refuse("it answered what was not asked on its connection");
  }
}

}  // namespace server
