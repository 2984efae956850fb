// SPDX-License-Identifier: Apache-2.0
// What the connections to peers tell whoever owns them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include "codec/frame.h"
#include "os/net.h"

namespace server {

// Names one connection that a peer opened; never used twice.
using InboundId = std::uint64_t;

class PeerListener {
 public:
  virtual ~PeerListener() = default;
  virtual void on_message(raft::NodeId from, raft::Message message) = 0;
  // A peer passes a client's request on; to be answered to Peers::reply(inbound, ...).
  virtual void on_forward(raft::NodeId from, InboundId inbound, codec::Forward forward) = 0;
  virtual void on_forward_reply(raft::NodeId from, codec::ForwardReply reply) = 0;
  // All that was forwarded to `peer` and is not answered never will be.
  virtual void on_link_down(raft::NodeId peer) = 0;
};

struct PeersConfig {
  codec::ClusterId cluster;
  raft::NodeId self;
  std::map<raft::NodeId, os::HostPort> nodes;  // All of the cluster, this one included.
  // An attempt to connect, or sent bytes that nobody acknowledges, for longer: try anew.
  std::chrono::milliseconds patience{600};
  std::chrono::milliseconds backoff_max{500};
  // Not sent yet, for one peer. Beyond, Raft messages are dropped and requests not taken.
  std::size_t queue_bytes = std::size_t{32} * 1024 * 1024;
};

}  // namespace server
