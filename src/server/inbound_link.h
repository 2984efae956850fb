// SPDX-License-Identifier: Apache-2.0
// A connection that a peer opened: Raft messages and requests come in, answers to requests go out.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "server/frame_stream.h"
#include "server/log.h"
#include "server/peer_listener.h"

namespace server {

class InboundLink final : public os::Handler {
 public:
  struct Context {
    os::Loop& loop;
    const Log& log;
    const PeersConfig& config;
    PeerListener& listener;
    RateLimit& complaints;  // Of all connections together.
  };

  InboundLink(const Context& context, InboundId id, os::Fd socket);

  // Absent until its Hello came and was believed.
  std::optional<raft::NodeId> peer() const { return peer_; }
  bool is_open() const { return stream_ != nullptr; }
  std::chrono::nanoseconds opened_at() const { return opened_at_; }

  void reply(const codec::ForwardReply& reply);
  void flush();
  void close() { stream_.reset(); }
  // Closes, and says in the log why.
  void refuse(const std::string& reason);

  void on_ready(os::Ready ready) override;

 private:
  void on_frame(codec::Frame frame);

  Context context_;
  InboundId id_;
  std::string from_;  // The address, for the log.
  std::chrono::nanoseconds opened_at_;
  std::unique_ptr<FrameStream> stream_;
  std::optional<raft::NodeId> peer_;
};

}  // namespace server
