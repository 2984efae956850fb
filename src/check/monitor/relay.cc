// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/relay.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "check/monitor/sockets.h"

namespace check::monitor {
namespace {

constexpr std::size_t kScratchBytes = std::size_t{256} << 10;
constexpr std::uint64_t kOutOfDescriptorsNs = 10'000'000;
constexpr int kAcceptsAtOnce = 64;

}  // namespace

base::Result<std::unique_ptr<Relay>> Relay::open(const Parts& parts) {
  TRY(auto gate, SynGate::open());
  TRY(auto listener, listen_for_others());
  std::unique_ptr<Relay> relay(new Relay(parts, std::move(gate), std::move(listener)));
  TRY(base::Done done, parts.loop.add(relay->listener_.get(), EPOLLIN, *relay));
  TRY(done, parts.loop.add(relay->gate_->fd(), EPOLLIN, *relay->gate_));
  static_cast<void>(done);
  return relay;
}

Relay::Relay(const Parts& parts, std::unique_ptr<SynGate> gate, sandbox::Fd listener)
    : gate_(std::move(gate)),
      listener_(std::move(listener)),
      context_{.loop = parts.loop,
               .links = parts.links,
               .events = parts.events,
               .gate = *gate_,
               .traffic = parts.traffic,
               .messages = parts.messages,
               .scratch = std::vector<char>(kScratchBytes),
               .wake_at =
                   [this](std::uint64_t due_ns, std::uint64_t number) {
                     context_.loop.at(due_ns, [this, number] {
                       const auto found = by_number_.find(number);
                       if (found != by_number_.end()) found->second->wake();
                     });
                   },
               .forget = [this](const Flow& flow) { forget(flow); }} {
  gate_->on_syn([this](const SynGate::Syn& syn) { on_syn(syn); });
}

Relay::~Relay() {
  std::vector<std::shared_ptr<Connection>> all;
  all.reserve(connections_.size());
  for (const auto& [flow, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->reset();
}

std::uint16_t Relay::port() const { return local_endpoint(listener_.get()).port; }

void Relay::on_syn(const SynGate::Syn& syn) {
  const auto found = connections_.find(syn.flow);
  if (found != connections_.end()) {
    // A repeated SYN. While the first one waits this one is superfluous; later it is the kernel's
    // business: the listener answers again, an established connection challenges it.
    const bool asking = found->second->state() == Connection::State::Asking;
    gate_->answer(syn.packet, asking ? SynGate::Verdict::Forget : SynGate::Verdict::Pass);
    return;
  }
  if (context_.links.find(syn.flow.client.address, syn.flow.server.address) == nullptr) {
    gate_->answer(syn.packet, SynGate::Verdict::Forget);  // Not between two nodes.
    return;
  }
  const std::uint64_t number = context_.links.next_number();
  const auto connection = std::make_shared<Connection>(context_, number, syn);
  connections_.emplace(syn.flow, connection);
  by_number_.emplace(number, connection.get());
  connection->wake();
}

void Relay::forget(const Flow& flow) {
  const auto found = connections_.find(flow);
  by_number_.erase(found->second->number());
  context_.loop.dispose_later(std::move(found->second));
  connections_.erase(found);
}

void Relay::on_ready(std::uint32_t /*events*/) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    // Not getpeername(): a client that has already reset the connection is no peer any more, but
    // its bytes are there.
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    sandbox::Fd client(accept4(listener_.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client.open()) {
      if (errno == EMFILE || errno == ENFILE) {  // The connection stays in the queue meanwhile.
        context_.loop.change(listener_.get(), 0, *this);
        context_.loop.at(context_.loop.now_ns() + kOutOfDescriptorsNs,
                         [this] { context_.loop.change(listener_.get(), EPOLLIN, *this); });
      }
      return;
    }
    const Flow flow{from_sockaddr(peer), local_endpoint(client.get())};
    const auto found = connections_.find(flow);
    if (found == connections_.end() || found->second->state() != Connection::State::Joining) {
      reset_on_close(client.get());  // Its other half was given up in the meantime.
      continue;
    }
    const auto connection = found->second;
    connection->join(std::move(client));
  }
}

template <class Action>
void Relay::for_each_between(DirectedPair link, Action action) {
  std::vector<std::shared_ptr<Connection>> chosen;  // The action may end connections.
  for (const auto& [flow, connection] : connections_) {
    if (connection->forth().pair == link || connection->back().pair == link) {
      chosen.push_back(connection);
    }
  }
  for (const auto& connection : chosen) action(*connection);
}

void Relay::wake(DirectedPair link) {
  for_each_between(link, [](Connection& connection) { connection.wake(); });
}

void Relay::reset(DirectedPair link) {
  for_each_between(link, [](Connection& connection) { connection.reset(); });
}

void Relay::settle(std::uint64_t ticket, Settled settled) {
  if (context_.messages == nullptr) return;
  const auto ticketed = context_.messages->connection_of.find(ticket);
  if (ticketed == context_.messages->connection_of.end()) return;
  const auto found = by_number_.find(ticketed->second);  // It may be one of datagrams.
  if (found != by_number_.end()) found->second->settle(ticket, settled);
}

std::map<DirectedPair, StreamCount> Relay::open_counts() const {
  std::map<DirectedPair, StreamCount> counts;
  for (const auto& [flow, connection] : connections_) connection->add_kernel_counts(counts);
  return counts;
}

}  // namespace check::monitor
