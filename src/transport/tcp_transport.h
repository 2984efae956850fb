// SPDX-License-Identifier: Apache-2.0
// Servers that keep two TCP connections: one that this node opens to each peer, one that each peer
// opens here (docs/formats/peer-protocol.md).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "transport/inbound_link.h"
#include "transport/outbound_link.h"
#include "transport/peer_names.h"

namespace transport {

class TcpTransport final : public Transport, public os::Handler {
 public:
  // Listens, and begins to look for all peers.
  // Requires: all references outlive it.
  static base::Result<std::unique_ptr<TcpTransport>> open(os::Loop& loop, const os::Log& log,
                                                          const Config& config, Listener& listener);
  TcpTransport(const TcpTransport&) = delete;
  TcpTransport& operator=(const TcpTransport&) = delete;
  ~TcpTransport() override;

  void send(const raft::Envelope& envelope) override;
  bool forward(raft::NodeId to, const codec::Forward& forward) override;
  void reply(InboundId inbound, const codec::ForwardReply& reply) override;
  void flush() override;
  void on_time(std::chrono::nanoseconds now) override;
  void set_peers(const Peers& peers) override;
  bool is_up(raft::NodeId peer) const override;
  std::map<raft::NodeId, PeerStatistics> statistics() const override;
  Limits limits() const override;

  // Where `peer` is, if that is known.
  std::optional<os::Address> find_address(raft::NodeId peer) const;
  // Where it listens, if the kernel chose the port.
  base::Result<os::HostPort> address() const { return os::local_address(listening_); }

  void on_ready(os::Ready ready) override;

 private:
  TcpTransport(os::Loop& loop, const os::Log& log, const Config& config, Listener& listener,
               os::Fd listening);
  void close_unwanted(std::chrono::nanoseconds now);
  void forget(raft::NodeId peer);
  void retire(raft::NodeId peer);
  void reach(raft::NodeId peer, const os::Address& where);

  Links links_;
  PeerNames names_;
  os::Fd listening_;
  os::Loop::Watch watch_;
  std::map<raft::NodeId, std::unique_ptr<OutboundLink>> outbound_;
  // Of former peers. One of them may be what is calling, so they go in on_time().
  std::vector<std::unique_ptr<OutboundLink>> retired_;
  std::map<InboundId, std::unique_ptr<InboundLink>> inbound_;
  InboundId last_inbound_ = 0;
};

}  // namespace transport
