// SPDX-License-Identifier: Apache-2.0
#include "transport/tcp_transport.h"

#include <fmt/core.h>

#include <set>
#include <utility>

#include "base/check.h"

namespace transport {
namespace {

// Connections of strangers and of peers that have not noticed yet that they are gone.
constexpr std::size_t kMaxInbound = 256;
constexpr std::chrono::seconds kSilence{5};

// A frame may have 64 MiB (codec::Limits); half of it leaves room for whatever stands around.
constexpr std::uint64_t kEntryBytes = std::uint64_t{32} << 20U;
constexpr std::uint64_t kChunkBytes = std::uint64_t{1} << 20U;

}  // namespace

base::Result<std::unique_ptr<TcpTransport>> TcpTransport::open(os::Loop& loop, const os::Log& log,
                                                               const Config& config,
                                                               Listener& listener) {
  CHECK(config.life.value != 0);
  TRY(os::Fd listening, os::listen_tcp(config.listen));
  std::unique_ptr<TcpTransport> transport(
      new TcpTransport(loop, log, config, listener, std::move(listening)));
  if (config.tls) {
    TRY(transport->links_.tls, TlsContext::load(*config.tls));
  }
  transport->set_peers(config.peers);
  return transport;
}

TcpTransport::TcpTransport(os::Loop& loop, const os::Log& log, const Config& config,
                           Listener& listener, os::Fd listening)
    : links_{loop, log, listener, config, {}, nullptr, {}, {}, {}},
      names_(log),
      listening_(std::move(listening)),
      watch_(loop.add(listening_.number(), os::Loop::Interest::Read, *this)) {
  links_.config.peers.clear();
  links_.close_older = [this](raft::NodeId peer, InboundId newest) {
    for (const auto& [id, link] : inbound_) {
      if (id < newest && link->is_open() && link->peer() == peer) link->close();
    }
  };
  links_.is_double = [this](raft::NodeId peer, codec::Incarnation life) {
    const auto found = outbound_.find(peer);
    return found != outbound_.end() && found->second->is_up_to_another(life);
  };
}

TcpTransport::~TcpTransport() { links_.loop.remove(watch_); }

void TcpTransport::send(const raft::Envelope& envelope) {
  const auto found = outbound_.find(envelope.to);
  if (found != outbound_.end()) found->second->send(envelope.message);
}

bool TcpTransport::forward(raft::NodeId to, const codec::Forward& forward) {
  const auto found = outbound_.find(to);
  return found != outbound_.end() && found->second->forward(forward);
}

void TcpTransport::reply(InboundId inbound, const codec::ForwardReply& reply) {
  const auto found = inbound_.find(inbound);
  if (found != inbound_.end()) found->second->reply(reply);
}

bool TcpTransport::is_up(raft::NodeId peer) const {
  const auto found = outbound_.find(peer);
  return found != outbound_.end() && found->second->is_up();
}

void TcpTransport::flush() {
  for (const auto& [id, link] : outbound_) link->flush();
  for (const auto& [id, link] : inbound_) link->flush();
}

void TcpTransport::set_peers(const Peers& peers) {
  const Peers before = std::exchange(links_.config.peers, peers);
  links_.config.peers.erase(links_.config.self);
  for (const auto& [id, where] : links_.config.peers) {
    const auto old = before.find(id);
    const bool moved = old != before.end() && old->second != where;
    if (moved) forget(id);
    if (outbound_.count(id) > 0) continue;
    links_.statistics[id].address = where;
    if (const std::optional<os::Address> address = os::numeric_address(where)) {
      reach(id, *address);
    } else {
      names_.follow(id, where);
    }
  }
  for (const auto& [id, where] : before) {
    if (links_.config.peers.count(id) == 0) forget(id);
  }
  for (const auto& [id, link] : inbound_) {
    if (link->peer() && links_.config.peers.count(*link->peer()) == 0) link->close();
  }
}

void TcpTransport::forget(raft::NodeId peer) {
  names_.forget(peer);
  retire(peer);
}

void TcpTransport::reach(raft::NodeId peer, const os::Address& where) {
  if (find_address(peer) == where) return;
  retire(peer);
  outbound_.emplace(peer, std::make_unique<OutboundLink>(links_, peer, where));
}

std::optional<os::Address> TcpTransport::find_address(raft::NodeId peer) const {
  const auto found = outbound_.find(peer);
  return found == outbound_.end() ? std::nullopt : std::optional(found->second->where());
}

void TcpTransport::retire(raft::NodeId peer) {
  const auto found = outbound_.find(peer);
  if (found == outbound_.end()) return;
  retired_.push_back(std::move(found->second));
  outbound_.erase(found);
  retired_.back()->drop("it is not a peer at this address any more");
}

void TcpTransport::on_time(std::chrono::nanoseconds now) {
  retired_.clear();
  links_.loop.change(watch_, os::Loop::Interest::Read);
  const auto found = names_.find(now, [this](raft::NodeId peer) { return is_up(peer); });
  if (found && !is_up(found->first)) reach(found->first, found->second);
  for (const auto& [id, link] : outbound_) link->on_time(now);
  close_unwanted(now);
}

// A peer that opened a new connection has no use for its older ones; who says nothing has none; and
// who said that it is a peer before that one was found at its own address was believed too early.
void TcpTransport::close_unwanted(std::chrono::nanoseconds now) {
  std::set<raft::NodeId> seen;
  for (auto link = inbound_.rbegin(); link != inbound_.rend(); ++link) {
    InboundLink& one = *link->second;
    if (one.is_open() && one.is_double()) one.refuse_double();
    if (one.is_deaf(now)) one.close_deaf();
    if (!one.is_open()) continue;
    if (one.peer() && !seen.insert(*one.peer()).second) one.close();
    if (!one.peer() && one.is_open() && now > one.opened_at() + kSilence) {
      one.refuse("no Hello within 5 s");
    }
  }
  std::erase_if(inbound_, [](const auto& link) { return !link.second->is_open(); });
}

void TcpTransport::on_ready(os::Ready /*ready*/) {
  while (true) {
    base::Result<std::optional<os::Fd>> socket = os::accept_tcp(listening_);
    // Out of descriptors: the waiting connection would wake us again and again. Try later.
    if (!socket.ok()) links_.loop.change(watch_, os::Loop::Interest::Nothing);
    if (!socket.ok() || !socket.value()) return;
    if (inbound_.size() >= kMaxInbound) continue;
    const InboundId id = ++last_inbound_;
    inbound_.emplace(
        id, std::make_unique<InboundLink>(links_, id, std::move(*std::move(socket).value())));
  }
}

std::map<raft::NodeId, PeerStatistics> TcpTransport::statistics() const {
  std::map<raft::NodeId, PeerStatistics> result;
  for (const auto& [id, where] : links_.config.peers) {
    const auto found = links_.statistics.find(id);
    PeerStatistics& one = result[id];
    if (found != links_.statistics.end()) one = found->second;
    one.address = where;
    const auto link = outbound_.find(id);
    if (link == outbound_.end()) continue;
    one.up = link->second->is_up();
    one.queued_bytes = link->second->queued_bytes();
  }
  return result;
}

Limits TcpTransport::limits() const {
  return {kEntryBytes, std::numeric_limits<std::uint64_t>::max(), kChunkBytes};
}

}  // namespace transport
