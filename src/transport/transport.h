// SPDX-License-Identifier: Apache-2.0
// How the servers of a cluster reach each other: messages of Raft, which may get lost, and requests
// of clients that one server passes on to another, whose loss is noticed.
//
//   send(envelope)      forward(to, ...)     reply(inbound, ...)
//        |                   |                   |          wait in a queue for each peer, bounded
//        '---------------- flush() --------------'          all that waits leaves, to all peers
//
//   Listener: on_message   on_forward, on_forward_reply, on_link_down
//
// Belongs to the thread of its loop; never blocks. A Listener may call anything here.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "codec/frame.h"
#include "os/net.h"
#include "transport/tls.h"
#include "transport/unreliable.h"

namespace transport {

// Names one connection that a peer opened; never used twice.
using InboundId = std::uint64_t;

class Listener {
 public:
  virtual ~Listener() = default;
  virtual void on_message(raft::NodeId from, raft::Message message) = 0;
  // A peer passes a client's request on; to be answered to Transport::reply(inbound, ...).
  virtual void on_forward(raft::NodeId from, InboundId inbound, codec::Forward forward) = 0;
  virtual void on_forward_reply(raft::NodeId from, codec::ForwardReply reply) = 0;
  // All that was forwarded to `peer` and is not answered never will be.
  virtual void on_link_down(raft::NodeId peer) = 0;
};

using Peers = std::map<raft::NodeId, os::HostPort>;

struct Config {
  codec::ClusterId cluster;
  raft::NodeId self;
  codec::Incarnation life;  // Not 0; another one at each start of the process.
  os::HostPort listen;
  Peers peers;  // Those to talk to at first; `self` may be among them.
  // An attempt to connect, or sent bytes that nobody acknowledges, for longer: try anew.
  std::chrono::milliseconds patience{600};
  std::chrono::milliseconds backoff_max{500};
  std::optional<TlsFiles> tls;  // Nobody is spoken to in the open.
  // Of UdpTransport: the most that one datagram may have. No fragments on any path, by default.
  std::size_t datagram_bytes = 512;
  std::optional<Unreliable::Rates> unreliable;  // Of UdpTransport: for tests.
  // Not sent yet, for one peer. Beyond, Raft messages are dropped and requests not taken.
  std::size_t queue_bytes = std::size_t{32} * 1024 * 1024;
};

// The most that fits into one message.
struct Limits {
  std::uint64_t entry_bytes = 0;   // The payload of one entry. A longer one cannot be replicated.
  std::uint64_t append_bytes = 0;  // Entries of one AppendEntries, as raft::Config counts them.
  std::uint64_t chunk_bytes = 0;   // A piece of a snapshot.
};

struct PeerStatistics {
  os::HostPort address;
  bool up = false;
  std::uint64_t messages_sent = 0;  // Handed to the kernel, or waiting.
  std::uint64_t bytes_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t dropped = 0;     // Messages of Raft: nobody to take them, or no room.
  std::uint64_t refused = 0;     // What came and was not believed.
  std::size_t queued_bytes = 0;  // Of now.
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Dropped if the peer cannot be reached, or its queue is full.
  virtual void send(const raft::Envelope& envelope) = 0;
  // False: not taken, there is no connection or no room.
  virtual bool forward(raft::NodeId to, const codec::Forward& forward) = 0;
  // Dropped if that connection is gone.
  virtual void reply(InboundId inbound, const codec::ForwardReply& reply) = 0;
  virtual void flush() = 0;

  // To be called often: every few ticks of `patience`.
  virtual void on_time(std::chrono::nanoseconds now) = 0;
  // From now on these are the peers: others are neither spoken nor listened to. `self` is ignored.
  // Those whose address cannot be found are looked for again and again.
  virtual void set_peers(const Peers& peers) = 0;

  // Whether requests can be forwarded to it.
  virtual bool is_up(raft::NodeId peer) const = 0;
  virtual std::map<raft::NodeId, PeerStatistics> statistics() const = 0;
  virtual Limits limits() const = 0;
};

}  // namespace transport
