// SPDX-License-Identifier: Apache-2.0
#include "check/capture/reassembler.h"

#include <iterator>

namespace check::capture {
namespace {

// Of the ends that were seen to accept: enough for a cluster and all it talks to.
constexpr std::size_t kMostAcceptors = 4096;

Side other(Side side) { return side == Side::Dialer ? Side::Acceptor : Side::Dialer; }

// Puts the connection's name and the time on a direction's bytes.
class Labelled final : public ByteSink {
 public:
  Labelled(ConnectionListener& listener, ConnectionId id, Side from, std::uint64_t time_ns)
      : listener_(listener), id_(id), from_(from), time_ns_(time_ns) {}
  void bytes(std::string_view bytes) override { listener_.bytes(id_, from_, time_ns_, bytes); }
  void gap(std::uint64_t bytes) override { listener_.gap(id_, from_, time_ns_, bytes); }

 private:
  ConnectionListener& listener_;
  ConnectionId id_;
  Side from_;
  std::uint64_t time_ns_;
};

}  // namespace

Reassembler::Connection* Reassembler::find(const Key& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  connections_.splice(connections_.end(), connections_, found->second);
  return &*found->second;
}

bool Reassembler::another(Connection& connection, const Segment& segment) {
  const Side from = connection.side_of(segment.from);
  HalfStream& half = connection.half(from);
  if (segment.is(Segment::kSyn)) {
    // The first packet of a direction, once more or captured at two places.
    if (half.first() == segment.sequence + 1) return false;
    // The answer to the SYN that is known.
    return !(segment.is(Segment::kAck) && from == Side::Acceptor && !half.started());
  }
  return connection.closed && !segment.payload.empty() && half.started() &&
         !half.near(segment.sequence);
}

bool Reassembler::sent_by_dialer(const Segment& segment) const {
  if (segment.is(Segment::kSyn)) return !segment.is(Segment::kAck);
  const auto listens = [this](const Endpoint& endpoint) {
    return acceptors_.contains(endpoint) || options_.listening_ports.contains(endpoint.port);
  };
  if (listens(segment.to) != listens(segment.from)) return listens(segment.to);
  // Ports that systems choose for those who dial are high.
  if (segment.to.port != segment.from.port) return segment.to.port < segment.from.port;
  return segment.to < segment.from;
}

Reassembler::Connection& Reassembler::open(const Key& key, const Segment& segment) {
  Opening opening;
  opening.time_ns = segment.time_ns;
  opening.interface = segment.interface;
  const bool dials = sent_by_dialer(segment);
  opening.dialer = dials ? segment.from : segment.to;
  opening.acceptor = dials ? segment.to : segment.from;
  opening.seen = segment.is(Segment::kSyn);
  Connection& connection = name(key, opening);
  if (segment.is(Segment::kSyn) && segment.is(Segment::kAck)) {
    // The SYN itself was not captured; its answer tells where the dialler's bytes begin.
    connection.half(Side::Dialer).begin(segment.acknowledged, true);
  }
  listener_.opened(connection.opening);
  return connection;
}

Reassembler::Connection& Reassembler::name(const Key& key, const Opening& opening) {
  Connection& connection = connections_.emplace_back();
  by_key_[key] = std::prev(connections_.end());
  connection.key = key;
  connection.opening = opening;
  connection.opening.id = ++last_id_;
  return connection;
}

void Reassembler::add(const Datagram& datagram) {
  if (datagram.payload.size() < datagram.whole) return;
  const auto conversation = listener_.conversation_of(datagram);
  if (!conversation) return;
  const bool in_order = datagram.from < datagram.to;
  const Key key = {in_order ? datagram.from : datagram.to, in_order ? datagram.to : datagram.from,
                   options_.by_interface ? datagram.interface : 0, conversation};
  Connection* connection = find(key);
  if (connection == nullptr) {
    make_room(datagram.time_ns);
    connection = &name(key, {.time_ns = datagram.time_ns,
                             .interface = datagram.interface,
                             .dialer = datagram.from,
                             .acceptor = datagram.to,
                             .seen = true,
                             .datagrams = true});
    listener_.opened(connection->opening);
  }
  connection->last_ns = datagram.time_ns;
  listener_.bytes(connection->opening.id, connection->side_of(datagram.from), datagram.time_ns,
                  datagram.payload);
}

void Reassembler::add(const Segment& segment) {
  const bool in_order = segment.from < segment.to;
  const Key key = {in_order ? segment.from : segment.to, in_order ? segment.to : segment.from,
                   options_.by_interface ? segment.interface : 0};
  Connection* connection = find(key);
  if (connection != nullptr && another(*connection, segment)) {
    if (!connection->closed) close(*connection, Closing::Replaced, segment.time_ns);
    forget(by_key_.at(key));
    connection = nullptr;
  }
  if (connection == nullptr) {
    // Acknowledgements and ends alone tell nothing of a connection.
    if (!segment.is(Segment::kSyn) && segment.whole == 0) return;
    make_room(segment.time_ns);
    connection = &open(key, segment);
  }
  if (!connection->closed) take(*connection, segment);
}

// Whether the reset is the connection's own: one with a sequence number from nowhere is not.
bool Reassembler::breaks_off(Connection& connection, const Segment& segment) {
  const HalfStream& half = connection.half(connection.side_of(segment.from));
  return !half.started() || half.near(segment.sequence);
}

// Whether it says that nobody listens where the connection was dialled.
bool Reassembler::refuses(Connection& connection, const Segment& segment) {
  return segment.is(Segment::kAck) && connection.side_of(segment.from) == Side::Acceptor &&
         !connection.half(Side::Acceptor).started() &&
         connection.half(Side::Dialer).first() == segment.acknowledged;
}

// Where a direction's bytes begin, and who listens.
void Reassembler::begin(HalfStream& half, Side from, const Segment& segment) {
  if (segment.is(Segment::kSyn)) {
    if (!half.started()) half.begin(segment.sequence + 1, true);
    if (from == Side::Acceptor && acceptors_.size() < kMostAcceptors) {
      acceptors_.insert(segment.from);
    }
  } else if (!half.started() && (segment.whole > 0 || segment.is(Segment::kFin))) {
    half.begin(segment.sequence, false);
  }
}

void Reassembler::take(Connection& connection, const Segment& segment) {
  connection.last_ns = segment.time_ns;
  if (segment.is(Segment::kReset)) {
    if (refuses(connection, segment)) {
      close(connection, Closing::Refused, segment.time_ns);
    } else if (breaks_off(connection, segment)) {
      close(connection, Closing::Reset, segment.time_ns);
    }
    return;
  }
  const Side from = connection.side_of(segment.from);
  HalfStream& half = connection.half(from);
  HalfStream& back = connection.half(other(from));
  const std::size_t waited = half.waiting_bytes() + back.waiting_bytes();
  Labelled sink(listener_, connection.opening.id, from, segment.time_ns);
  Labelled back_sink(listener_, connection.opening.id, other(from), segment.time_ns);

  begin(half, from, segment);
  const std::uint32_t sequence = segment.sequence + (segment.is(Segment::kSyn) ? 1 : 0);
  if (segment.whole > 0) half.add(sequence, segment.payload, segment.whole, sink);
  if (segment.is(Segment::kFin)) half.end_at(sequence + segment.whole);
  if (segment.is(Segment::kAck) && !options_.by_interface) back.acknowledge(segment.acknowledged);
  half.settle(segment.time_ns, sink);
  back.settle(segment.time_ns, back_sink);

  const std::size_t waiting = half.waiting_bytes() + back.waiting_bytes();
  waiting_bytes_ = waiting_bytes_ - waited + waiting;
  if (waiting_bytes_ > options_.limits.waiting_bytes) {
    half.hurry(sink);
    back.hurry(back_sink);
    waiting_bytes_ -= waiting;
  }
  if (half.complete() && back.complete()) close(connection, Closing::Ended, segment.time_ns);
}

void Reassembler::close(Connection& connection, Closing how, std::uint64_t time_ns) {
  const ConnectionId id = connection.opening.id;
  for (const Side from : {Side::Dialer, Side::Acceptor}) {
    HalfStream& half = connection.half(from);
    waiting_bytes_ -= half.waiting_bytes();
    Labelled sink(listener_, id, from, time_ns);
    half.finish(sink);
  }
  connection.closed = true;
  listener_.closed(id, how, time_ns);
}

void Reassembler::forget(Connections::iterator connection) {
  by_key_.erase(connection->key);
  connections_.erase(connection);
}

void Reassembler::make_room(std::uint64_t time_ns) {
  if (connections_.size() < options_.limits.connections) return;
  Connection& oldest = connections_.front();
  if (!oldest.closed) close(oldest, Closing::Evicted, time_ns);
  forget(connections_.begin());
}

void Reassembler::finish() {
  for (Connection& connection : connections_) {
    if (!connection.closed) close(connection, Closing::CaptureEnded, connection.last_ns);
  }
  by_key_.clear();
  connections_.clear();
}

}  // namespace check::capture
