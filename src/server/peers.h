// SPDX-License-Identifier: Apache-2.0
// All connections with the other nodes: one that this node opens to each, one that each opens here.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "server/inbound_link.h"
#include "server/outbound_link.h"

namespace server {

class Peers final : public os::Handler {
 public:
  // Listens on this node's own address and resolves the others'.
  // Requires: all references outlive it.
  static base::Result<std::unique_ptr<Peers>> open(os::Loop& loop, const Log& log,
                                                   const PeersConfig& config,
                                                   PeerListener& listener);
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;
  ~Peers() override;

  void send(const raft::Envelope& envelope);
  // False: not taken, there is no connection or no room.
  bool forward(raft::NodeId to, const codec::Forward& forward);
  // Dropped if that connection is gone.
  void reply(InboundId inbound, const codec::ForwardReply& reply);
  void flush();
  void on_time(std::chrono::nanoseconds now);
  bool is_up(raft::NodeId peer) const;
  const PeersConfig& config() const { return config_; }

  void on_ready(os::Ready ready) override;

 private:
  Peers(os::Loop& loop, const Log& log, const PeersConfig& config, PeerListener& listener,
        os::Fd listening);
  void close_unwanted(std::chrono::nanoseconds now);

  os::Loop& loop_;
  const Log& log_;
  PeersConfig config_;
  PeerListener& listener_;
  os::Fd listening_;
  os::Loop::Watch watch_;
  RateLimit complaints_;
  std::map<raft::NodeId, std::unique_ptr<OutboundLink>> outbound_;
  std::map<InboundId, std::unique_ptr<InboundLink>> inbound_;
  InboundId last_inbound_ = 0;
};

}  // namespace server
