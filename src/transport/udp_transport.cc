// SPDX-License-Identifier: Apache-2.0
#include "transport/udp_transport.h"

#include <fmt/core.h>

#include <memory>
#include <utility>

#include "base/check.h"
#include "codec/encode.h"
#include "os/clock.h"
#include "raft/log.h"

namespace transport {
namespace {

// How many batches one turn takes, so that other sockets have their turn, too.
constexpr int kBatchesAtOnce = 16;
constexpr std::chrono::milliseconds kAskAgain{50};
std::size_t size_of(const raft::Message& message) {
  std::string frame;
  codec::encode({}, message, frame);
  return frame.size();
}

// What fits into datagrams of `bytes`.
Limits limits_of(std::size_t bytes) {
  raft::AppendEntries append;
  append.entries.edit().push_back({{raft::Term(1), raft::LogIndex(1)},
                                   raft::EntryKind::Command,
                                   std::make_shared<const std::string>()});
  Limits limits;
  limits.entry_bytes = bytes - size_of(append);
  // Raft counts more for each entry than it takes here, so what it counts as this much fits.
  limits.append_bytes = limits.entry_bytes + raft::kEntryOverheadBytes;
  limits.chunk_bytes = bytes - size_of(raft::SnapshotChunk{});
  return limits;
}

}  // namespace

base::Status UdpTransport::check_datagram_bytes(std::size_t bytes) {
  if (bytes >= kLeastDatagramBytes && bytes <= os::Datagrams::kMaxBytes) return base::Done{};
  return base::Error{base::ErrorCode::InvalidArgument,
                     fmt::format("datagram-bytes: expected {} to {}, not {}", kLeastDatagramBytes,
                                 os::Datagrams::kMaxBytes, bytes)};
}

base::Result<std::unique_ptr<UdpTransport>> UdpTransport::open(os::Loop& loop, const os::Log& log,
                                                               const Config& config,
                                                               Listener& listener) {
  CHECK(!config.tls.has_value());
  TRY([[maybe_unused]] const auto fits, check_datagram_bytes(config.datagram_bytes));
  TRY(auto requests, TcpTransport::open(loop, log, config, listener));
  TRY(os::Datagrams socket, os::Datagrams::bind(config.listen));
  std::unique_ptr<UdpTransport> transport(
      new UdpTransport(loop, log, config, listener, std::move(socket)));
  transport->requests_ = std::move(requests);
  transport->set_peers(config.peers);
  return transport;
}

UdpTransport::UdpTransport(os::Loop& loop, const os::Log& log, const Config& config,
                           Listener& listener, os::Datagrams socket)
    : loop_(loop),
      log_(log),
      listener_(listener),
      config_(config),
      limits_(limits_of(config.datagram_bytes)),
      socket_(std::move(socket)),
      watch_(loop_.add(socket_.fd(), os::Loop::Interest::Read, *this)) {
  if (config_.unreliable) unreliable_.emplace(*config_.unreliable);
}

UdpTransport::~UdpTransport() { loop_.remove(watch_); }

codec::Address UdpTransport::address(raft::NodeId to, const Peer& peer) const {
  return {config_.cluster, config_.self, to, config_.life, peer.life, peer.version};
}

codec::Address UdpTransport::address_of_hello(raft::NodeId to, codec::Incarnation life) const {
  return {config_.cluster, config_.self, to, config_.life, life};
}

void UdpTransport::send(const raft::Envelope& envelope) {
  const auto found = peers_.find(envelope.to);
  if (found == peers_.end()) return;
  Peer& peer = found->second;
  std::string bytes;
  if (peer.life.value != 0) {
    codec::encode(address(envelope.to, peer), envelope.message, bytes);
  }
  if (bytes.empty() || socket_.waiting_bytes() + bytes.size() > config_.queue_bytes) {
    peer.statistics.dropped += 1;
    return;
  }
  // An entry from before the cluster used datagrams, or used such small ones.
  if (bytes.size() > config_.datagram_bytes) {
    peer.statistics.dropped += 1;
    if (complaints_.allows(os::steady_now())) {
      log_.event("message-too-long",
                 fmt::format("peer={} bytes={} datagram-bytes={}", envelope.to.value, bytes.size(),
                             config_.datagram_bytes));
    }
    return;
  }
  put(peer, std::move(bytes));
}

void UdpTransport::put(Peer& peer, std::string bytes) {
  peer.statistics.messages_sent += 1;
  peer.statistics.bytes_sent += bytes.size();
  if (!unreliable_) return socket_.put(peer.address, std::move(bytes));
  for (Unreliable::Datagram& datagram : unreliable_->pass({peer.address, std::move(bytes)})) {
    socket_.put(datagram.to, std::move(datagram.bytes));
  }
}

void UdpTransport::flush() {
  socket_.flush();
  requests_->flush();
}

void UdpTransport::on_time(std::chrono::nanoseconds now) {
  requests_->on_time(now);
  find_peers();
  for (auto& [id, peer] : peers_) {
    const bool silent = now > peer.heard_at + config_.patience;
    if (now >= peer.ask_at && (silent || peer.question != 0)) ask(id, peer, now);
  }
}

void UdpTransport::set_peers(const Peers& peers) {
  requests_->set_peers(peers);
  config_.peers = peers;
  config_.peers.erase(config_.self);
  std::erase_if(peers_, [this](const auto& one) {
    const auto found = config_.peers.find(one.first);
    return found == config_.peers.end() || found->second != one.second.where;
  });
  find_peers();
}

// Where the connections go the datagrams go, too.
void UdpTransport::find_peers() {
  for (const auto& [id, where] : config_.peers) {
    const std::optional<os::Address> address = requests_->find_address(id);
    if (!address) continue;
    const auto [peer, is_new] = peers_.try_emplace(id);
    if (is_new) peer->second.where = where;
    peer->second.address = *address;
  }
}

bool UdpTransport::is_up(raft::NodeId peer) const {
  const auto found = peers_.find(peer);
  return found != peers_.end() && found->second.life.value != 0 && requests_->is_up(peer);
}

std::map<raft::NodeId, PeerStatistics> UdpTransport::statistics() const {
  std::map<raft::NodeId, PeerStatistics> result = requests_->statistics();
  for (auto& [id, both] : result) {
    const auto found = peers_.find(id);
    if (found == peers_.end()) continue;
    const PeerStatistics& datagrams = found->second.statistics;
    both.up = is_up(id);
    both.messages_sent += datagrams.messages_sent;
    both.bytes_sent += datagrams.bytes_sent;
    both.messages_received += datagrams.messages_received;
    both.bytes_received += datagrams.bytes_received;
    both.dropped += datagrams.dropped;
    both.refused += datagrams.refused;
  }
  return result;
}

void UdpTransport::on_ready(os::Ready /*ready*/) {
  for (int i = 0; i < kBatchesAtOnce; ++i) {
    const auto& received = socket_.receive();
    for (const auto& [from, bytes] : received) receive(bytes, from);
    if (received.size() < os::Datagrams::kBatch) return;
  }
}

void UdpTransport::refuse(const os::Address& from, const std::string& reason) {
  if (complaints_.allows(os::steady_now())) {
    log_.event("peer-refused",
               fmt::format("from={} reason={}", os::host_port(from).text(), os::quoted(reason)));
  }
}

// Whatever it is, it may be late, doubled, or forged by accident: nothing but an answer to the open
// question changes what is believed.
void UdpTransport::receive(std::string_view bytes, const os::Address& from) {
  base::Result<codec::Frame> decoded =
      codec::decode_datagram(bytes, {config_.cluster, config_.self, std::nullopt, config_.life});
  if (!decoded.ok()) return refuse(from, decoded.error().message);
  codec::Frame frame = std::move(decoded).value();
  const raft::NodeId id = frame.address.from;
  const auto found = peers_.find(id);
  if (found == peers_.end()) {
    return refuse(from, fmt::format("n{} is not one of this cluster's nodes", id.value));
  }
  Peer& peer = found->second;
  peer.statistics.bytes_received += bytes.size();
  if (std::holds_alternative<codec::Hello>(frame.body)) return on_hello(id, peer, frame);
  auto* message = std::get_if<raft::Message>(&frame.body);
  if (message == nullptr) {
    peer.statistics.refused += 1;
    return refuse(from, "it asked for something in a datagram that belongs on a connection");
  }
  const auto now = os::steady_now();
  if (frame.address.from_life != peer.life) {  // A former one, or a new one: only it can say.
    peer.statistics.refused += 1;
    if (peer.question == 0) ask(id, peer, now);
    return;
  }
  peer.statistics.messages_received += 1;
  peer.heard_at = now;
  listener_.on_message(id, std::move(*message));
}

void UdpTransport::on_hello(raft::NodeId from, Peer& peer, const codec::Frame& frame) {
  const auto& hello = std::get<codec::Hello>(frame.body);
  const codec::Incarnation life = frame.address.from_life;
  const auto now = os::steady_now();
  if (hello.answer != 0 && hello.answer == peer.question && life.value != 0) {
    peer.question = 0;
    peer.heard_at = now;
    if (life != peer.life) {
      peer.life = life;
      peer.version = hello.common_version();
      log_.event("peer-life", fmt::format("peer={} to={}", from.value, peer.where.text()));
    }
  }
  // Answered by its life as it says it is, believed or not: the question was to whoever lives here.
  if (hello.question != 0) {
    std::string bytes;
    codec::encode(address_of_hello(from, life),
                  codec::Hello{codec::kProtocolVersion, 0, hello.question}, bytes);
    put(peer, std::move(bytes));
  }
  if (life != peer.life && peer.question == 0) ask(from, peer, now);
}

// Now and then, so that a flood of old messages makes no flood of questions. Until it is answered
// the question stays the same, however long the way is.
void UdpTransport::ask(raft::NodeId to, Peer& peer, std::chrono::nanoseconds now) {
  if (now < peer.ask_at) return;
  peer.ask_at = now + kAskAgain;
  if (peer.question == 0) peer.question = os::entropy() | 1U;
  std::string bytes;
  codec::encode(address_of_hello(to, {}), codec::Hello{codec::kProtocolVersion, peer.question, 0},
                bytes);
  put(peer, std::move(bytes));
}

}  // namespace transport
