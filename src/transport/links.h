// SPDX-License-Identifier: Apache-2.0
// What all TCP connections of a node share.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "codec/decode.h"
#include "os/log.h"
#include "os/loop.h"
#include "transport/frame_stream.h"
#include "transport/transport.h"

namespace transport {

struct Links {
  os::Loop& loop;
  const os::Log& log;
  Listener& listener;
  Config config;                                      // `peers`: those of now.
  std::map<raft::NodeId, PeerStatistics> statistics;  // Of peers, also of former ones.
  std::shared_ptr<const TlsContext> tls;              // Null: in the open.
  os::RateLimit complaints;                           // About connections that peers opened.
  // The peer has opened `newest`: what it said on older connections is of a former life, perhaps.
  std::function<void(raft::NodeId peer, InboundId newest)> close_older;
  // Whether another life of `peer` than this one lives at its address now, for all that is known.
  std::function<bool(raft::NodeId peer, codec::Incarnation life)> is_double;

  codec::Expected expected(std::optional<raft::NodeId> from) const {
    return {config.cluster, config.self, from, config.life};
  }

  // `fd` with a session if there is to be one.
  base::Result<FrameStream::Socket> socket(os::Fd fd, TlsContext::Side side) const {
    FrameStream::Socket result{std::move(fd), side == TlsContext::Side::Dialer, nullptr};
    if (tls != nullptr) {
      TRY(result.tls, tls->begin(side));
    }
    return result;
  }

  // Nothing if `stream`, whose other end says it is `peer`, may come from there; else why not.
  // By its place in the cluster, or by the name or address that this node knows it under.
  std::string doubt(const FrameStream& stream, raft::NodeId peer) const {
    const std::string name = "raftkv-node-" + std::to_string(peer.value);
    const std::string& host = config.peers.at(peer).host;
    if (stream.names_peer(name) || stream.names_peer(host)) return {};
    return "its certificate is neither for " + name + " nor for " + host;
  }
};

}  // namespace transport
