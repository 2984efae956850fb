// SPDX-License-Identifier: Apache-2.0
// The connection that this node opens to one peer, again and again while it lives. Carries Raft
// messages and forwarded requests to the peer, answers to the latter back.
//
//   Idle --retry_at--> Connecting --writable--> Greeting --Hello--> Up
//     ^---------------------'-----------------------'---------------'
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "transport/frame_stream.h"
#include "transport/links.h"

namespace transport {

class OutboundLink final : public os::Handler {
 public:
  // Requires: `links` outlives it.
  OutboundLink(Links& links, raft::NodeId peer, const os::Address& where);

  const os::Address& where() const { return where_; }
  bool is_up() const { return state_ == State::Up; }
  // Up, to another life of the peer than `life`, and not closed by it.
  bool is_up_to_another(codec::Incarnation life) const;
  std::size_t queued_bytes() const { return stream_ == nullptr ? 0 : stream_->output_bytes(); }
  // Dropped while the link is not up, or its queue is full.
  void send(const raft::Message& message);
  // False: not taken.
  bool forward(const codec::Forward& forward);
  void flush();
  // Connects when it is time to, gives up what takes too long.
  void on_time(std::chrono::nanoseconds now);
  // Gives the connection up; on_time() would open another.
  void drop(const std::string& reason);

  void on_ready(os::Ready ready) override;

 private:
  enum class State : std::uint8_t { Idle, Connecting, Greeting, Up };

  void connect(std::chrono::nanoseconds now);
  void on_connected();
  void on_frame(codec::Frame frame);
  bool has_room() const;
  template <class Body>
  void put(const Body& body);
  PeerStatistics& statistics() { return links_.statistics[peer_]; }

  Links& links_;
  raft::NodeId peer_;
  os::Address where_;
  State state_ = State::Idle;
  std::unique_ptr<FrameStream> stream_;  // Null if and only if Idle.
  std::chrono::nanoseconds retry_at_{0};
  std::chrono::nanoseconds give_up_at_{0};
  std::chrono::nanoseconds backoff_{0};
  os::RateLimit complaints_;
};

}  // namespace transport
