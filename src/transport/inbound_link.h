// SPDX-License-Identifier: Apache-2.0
// A connection that a peer opened: Raft messages and requests come in, answers to requests go out.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "transport/frame_stream.h"
#include "transport/links.h"

namespace transport {

class InboundLink final : public os::Handler {
 public:
  // Requires: `links` outlives it.
  InboundLink(Links& links, InboundId id, os::Fd socket);

  // Absent until its Hello came and was believed.
  std::optional<raft::NodeId> peer() const { return peer_; }
  bool is_open() const { return stream_ != nullptr; }
  // Says that it is a peer of which another life runs at the peer's address. Requires: it is open.
  bool is_double() const { return peer_ && links_.is_double(*peer_, stream_->peer_life()); }
  void refuse_double();
  std::chrono::nanoseconds opened_at() const { return opened_at_; }

  // A long answer is dropped, and the peer told that what it asked is not known to be done, while
  // more than enough others wait: it may ask again for what it wanted to read.
  void reply(const codec::ForwardReply& reply);
  void flush();
  void close() { stream_.reset(); }
  // Too much waits for the peer, and it has taken nothing of it for `patience`. Then it is no use.
  bool is_deaf(std::chrono::nanoseconds now) const;
  void close_deaf();
  // Closes, and says in the log why.
  void refuse(const std::string& reason);

  void on_ready(os::Ready ready) override;

 private:
  void on_frame(codec::Frame frame);
  void on_hello(raft::NodeId from);
  void on_forward(raft::NodeId from, codec::Forward forward);
  bool is_full() const { return stream_->output_bytes() > 2 * links_.config.queue_bytes; }

  Links& links_;
  InboundId id_;
  std::string from_;  // The address, for the log.
  std::chrono::nanoseconds opened_at_;
  std::unique_ptr<FrameStream> stream_;
  std::optional<raft::NodeId> peer_;
  // Bytes wait, and no flush since has brought any away.
  std::optional<std::chrono::nanoseconds> stuck_since_;
};

}  // namespace transport
