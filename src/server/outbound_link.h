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

#include "server/frame_stream.h"
#include "server/log.h"
#include "server/peer_listener.h"

namespace server {

class OutboundLink final : public os::Handler {
 public:
  // What all links of a node share.
  struct Context {
    os::Loop& loop;
    const Log& log;
    const PeersConfig& config;
    PeerListener& listener;
  };

  OutboundLink(const Context& context, raft::NodeId peer, const os::Address& where);

  bool is_up() const { return state_ == State::Up; }
  // Dropped while the link is not up, or its queue is full.
  void send(const raft::Message& message);
  // False: not taken.
  bool forward(const codec::Forward& forward);
  void flush();
  // Connects when it is time to, gives up what takes too long.
  void on_time(std::chrono::nanoseconds now);

  void on_ready(os::Ready ready) override;

 private:
  enum class State : std::uint8_t { Idle, Connecting, Greeting, Up };

  void connect(std::chrono::nanoseconds now);
  void on_connected();
  void on_frame(codec::Frame frame);
  void drop(const std::string& reason);
  codec::Address address() const;
  bool has_room() const;

  Context context_;
  raft::NodeId peer_;
  os::Address where_;
  State state_ = State::Idle;
  std::unique_ptr<FrameStream> stream_;  // Null if and only if Idle.
  std::chrono::nanoseconds retry_at_{0};
  std::chrono::nanoseconds give_up_at_{0};
  std::chrono::nanoseconds backoff_{0};
  RateLimit complaints_;
};

}  // namespace server
