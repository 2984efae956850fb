// SPDX-License-Identifier: Apache-2.0
// From the packets of a network to its TCP connections, each with both directions in order. What
// passes between two ends in datagrams is a connection, too, if the listener says so.
//
//   segments in the order of the capture --> | connection 1: opened, bytes, bytes, gap, ... closed
//                                            | connection 2: ...
//
// Memory is bounded, whatever the packets are: HalfStream::kMostWaiting bytes a direction,
// Limits::waiting_bytes in all, Limits::connections. Who waits longest without a packet is given up
// first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <set>
#include <string_view>
#include <unordered_map>

#include "check/capture/half_stream.h"
#include "check/capture/packet.h"

namespace check::capture {

// Numbered 1, 2, 3, ... by their first packets.
using ConnectionId = std::uint32_t;

enum class Side : std::uint8_t { Dialer, Acceptor };  // Who sends.

struct Opening {
  ConnectionId id = 0;
  std::uint64_t time_ns = 0;
  std::uint32_t interface = 0;
  Endpoint dialer;
  Endpoint acceptor;
  bool seen = false;       // False: the capture begins in the middle; who dialled is then a guess.
  bool datagrams = false;  // Each call of bytes() is one; the dialer is who sent the first.
};

enum class Closing : std::uint8_t {
  Refused,   // Nobody listened where it was dialled.
  Ended,     // Both sides ended their streams.
  Reset,     // One side broke it off.
  Replaced,  // A new connection between the same ends began.
  Evicted,   // Too many connections: it had the longest rest.
  CaptureEnded
};

class ConnectionListener {
 public:
  virtual ~ConnectionListener() = default;
  virtual void opened(const Opening& opening) = 0;
  // The bytes live until the call returns.
  virtual void bytes(ConnectionId id, Side from, std::uint64_t time_ns, std::string_view bytes) = 0;
  // The capture lost this many bytes.
  virtual void gap(ConnectionId id, Side from, std::uint64_t time_ns, std::uint64_t bytes) = 0;
  virtual void closed(ConnectionId id, Closing how, std::uint64_t time_ns) = 0;
  // Which conversation between its two ends a datagram belongs to. Nothing: it is not wanted.
  virtual std::optional<std::uint64_t> conversation_of(const Datagram& /*datagram*/) {
    return std::nullopt;
  }
};

class Reassembler {
 public:
  struct Limits {
    std::size_t connections = 65536;
    std::size_t waiting_bytes = std::size_t{128} << 20;
  };
  struct Options {
    // One capture point sees packets of one connection at several interfaces, and each is a
    // connection of its own there: beside a proxy.
    bool by_interface = false;
    std::set<std::uint16_t> listening_ports = {};  // Known to be dialled, not to dial.
    Limits limits = {};
  };

  Reassembler(ConnectionListener& listener, const Options& options)
      : listener_(listener), options_(options) {}

  void add(const Segment& segment);
  // Nothing is said of one that was cut short by the capture.
  void add(const Datagram& datagram);
  // No more packets.
  void finish();

 private:
  struct Key {
    Endpoint low;
    Endpoint high;
    std::uint32_t interface = 0;
    std::optional<std::uint64_t> datagrams = {};  // The conversation.
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return hash_of(key.low) * 31 + hash_of(key.high) + key.interface +
             static_cast<std::size_t>(key.datagrams.value_or(0)) * 127;
    }
  };
  struct Connection {
    Opening opening;
    Key key;
    std::array<HalfStream, 2> halves;  // By Side of the sender.
    std::uint64_t last_ns = 0;
    bool closed = false;  // Kept, so that stragglers do not look like a new one.

    Side side_of(const Endpoint& from) const {
      return from == opening.dialer ? Side::Dialer : Side::Acceptor;
    }
    HalfStream& half(Side from) { return halves[static_cast<std::size_t>(from)]; }
  };
  using Connections = std::list<Connection>;  // The longest rest first.

  Connection* find(const Key& key);
  Connection& name(const Key& key, const Opening& opening);
  // Whether the segment begins another connection than the one that has its name.
  static bool another(Connection& connection, const Segment& segment);
  Connection& open(const Key& key, const Segment& segment);
  bool sent_by_dialer(const Segment& segment) const;
  static bool breaks_off(Connection& connection, const Segment& segment);
  static bool refuses(Connection& connection, const Segment& segment);
  void begin(HalfStream& half, Side from, const Segment& segment);
  void take(Connection& connection, const Segment& segment);
  void close(Connection& connection, Closing how, std::uint64_t time_ns);
  void forget(Connections::iterator connection);
  void make_room(std::uint64_t time_ns);

  ConnectionListener& listener_;
  const Options options_;
  Connections connections_;
  std::unordered_map<Key, Connections::iterator, KeyHash> by_key_;
  std::set<Endpoint> acceptors_;
  std::size_t waiting_bytes_ = 0;
  ConnectionId last_id_ = 0;
};

}  // namespace check::capture
