// SPDX-License-Identifier: Apache-2.0
#include "server/peers.h"

#include <fmt/core.h>

#include <set>

namespace server {
namespace {

// Connections of strangers and of peers that have not noticed yet that they are gone.
constexpr std::size_t kMaxInbound = 256;

}  // namespace

base::Result<std::unique_ptr<Peers>> Peers::open(os::Loop& loop, const Log& log,
                                                 const PeersConfig& config,
                                                 PeerListener& listener) {
  TRY(os::Fd listening, os::listen_tcp(config.nodes.at(config.self)));
  std::unique_ptr<Peers> peers(new Peers(loop, log, config, listener, std::move(listening)));
  const OutboundLink::Context context{loop, log, peers->config_, listener};
  for (const auto& [id, where] : config.nodes) {
    if (id == config.self) continue;
    TRY(const os::Address address, os::resolve(where));
    peers->outbound_.emplace(id, std::make_unique<OutboundLink>(context, id, address));
  }
  return peers;
}

Peers::Peers(os::Loop& loop, const Log& log, const PeersConfig& config, PeerListener& listener,
             os::Fd listening)
    : loop_(loop),
      log_(log),
      config_(config),
      listener_(listener),
      listening_(std::move(listening)),
      watch_(loop_.add(listening_.number(), os::Loop::Interest::Read, *this)) {}

Peers::~Peers() { loop_.remove(watch_); }

void Peers::send(const raft::Envelope& envelope) {
  const auto found = outbound_.find(envelope.to);
  if (found != outbound_.end()) found->second->send(envelope.message);
}

bool Peers::forward(raft::NodeId to, const codec::Forward& forward) {
  const auto found = outbound_.find(to);
  return found != outbound_.end() && found->second->forward(forward);
}

void Peers::reply(InboundId inbound, const codec::ForwardReply& reply) {
  const auto found = inbound_.find(inbound);
  if (found != inbound_.end()) found->second->reply(reply);
}

bool Peers::is_up(raft::NodeId peer) const {
  const auto found = outbound_.find(peer);
  return found != outbound_.end() && found->second->is_up();
}

void Peers::flush() {
  for (const auto& [id, link] : outbound_) link->flush();
  for (const auto& [id, link] : inbound_) link->flush();
}

void Peers::on_time(std::chrono::nanoseconds now) {
  loop_.change(watch_, os::Loop::Interest::Read);
  for (const auto& [id, link] : outbound_) link->on_time(now);
  close_unwanted(now);
}

// A peer that opened a new connection has no use for its older ones; who says nothing has none.
void Peers::close_unwanted(std::chrono::nanoseconds now) {
  std::set<raft::NodeId> seen;
  for (auto link = inbound_.rbegin(); link != inbound_.rend(); ++link) {
    InboundLink& one = *link->second;
    if (one.peer() && !seen.insert(*one.peer()).second) one.close();
    if (!one.peer() && one.is_open() && now > one.opened_at() + std::chrono::seconds(5))
      one.refuse("no Hello within 5 s");
  }
  std::erase_if(inbound_, [](const auto& link) { return !link.second->is_open(); });
}

void Peers::on_ready(os::Ready /*ready*/) {
  while (true) {
    base::Result<std::optional<os::Fd>> socket = os::accept_tcp(listening_);
    // Out of descriptors: the waiting connection would wake us again and again. Try later.
    if (!socket.ok()) loop_.change(watch_, os::Loop::Interest::Nothing);
    if (!socket.ok() || !socket.value()) return;
    if (inbound_.size() >= kMaxInbound) continue;
    const InboundLink::Context context{loop_, log_, config_, listener_, complaints_};
    const InboundId id = ++last_inbound_;
    inbound_.emplace(
        id, std::make_unique<InboundLink>(context, id, std::move(*std::move(socket).value())));
  }
}

}  // namespace server
