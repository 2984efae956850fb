// SPDX-License-Identifier: Apache-2.0
// A few servers on the loopback in one process, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "os/clock.h"
#include "os/datagrams.h"
#include "os/loop.h"
#include "transport/transport.h"

namespace transport {

using Terms = std::vector<std::uint64_t>;

inline raft::Message vote(std::uint64_t term) {
  return raft::RequestVote{raft::Term(term), {raft::Term(), raft::LogIndex()}};
}

// One server and all that it was told.
struct Server final : Listener {
  void on_message(raft::NodeId, raft::Message message) override {
    if (const auto* asked = std::get_if<raft::RequestVote>(&message)) {
      votes.push_back(asked->term.value());
      if (on_vote) on_vote();
    } else if (auto* append = std::get_if<raft::AppendEntries>(&message)) {
      appends.push_back(std::move(*append));
    }
  }
  void on_forward(raft::NodeId, InboundId inbound, codec::Forward forward) override {
    forwards.emplace_back(inbound, std::move(forward));
  }
  void on_forward_reply(raft::NodeId, codec::ForwardReply reply) override {
    replies.push_back(std::move(reply));
  }
  void on_link_down(raft::NodeId) override { down += 1; }

  Terms votes;
  std::vector<raft::AppendEntries> appends;
  std::vector<std::pair<InboundId, codec::Forward>> forwards;
  std::vector<codec::ForwardReply> replies;
  int down = 0;
  std::function<void()> on_vote;
  std::unique_ptr<Transport> transport;
};

using Opener = base::Result<std::unique_ptr<Transport>> (*)(os::Loop& loop, const os::Log& log,
                                                            const Config& config,
                                                            Listener& listener);

template <class Kind>
base::Result<std::unique_ptr<Transport>> open(os::Loop& loop, const os::Log& log,
                                              const Config& config, Listener& listener) {
  TRY(std::unique_ptr<Transport> opened, Kind::open(loop, log, config, listener));
  return opened;
}

class World {
 public:
  // The same for a server whenever it starts. Not of the kernel's choice: it would choose the same
  // for somebody's connection while the server is stopped.
  os::HostPort address(std::uint32_t id) {
    const auto found = addresses_.find(id);
    if (found != addresses_.end()) return found->second;
    while (true) {
      const os::HostPort where{"127.0.0.1",
                               static_cast<std::uint16_t>(ports_.between(10000, 30000))};
      const bool is_free = os::listen_tcp(where).ok() && os::Datagrams::bind(where).ok();
      if (is_free) return addresses_[id] = where;
    }
  }

  Config config(std::uint32_t id) {
    Config config;
    config.cluster = {7};
    config.self = {id};
    config.life = {os::entropy() | 1U};
    config.listen = address(id);
    for (std::uint32_t peer = 1; peer <= 3; ++peer) config.peers[{peer}] = address(peer);
    return config;
  }

  Server& start(const Config& config, Opener opener) {
    auto server = std::make_unique<Server>();
    auto opened = opener(*loop_, log_, config, *server);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    server->transport = std::move(opened).value();
    return *(servers_[config.self.value] = std::move(server));
  }
  Server& start(std::uint32_t id, Opener opener) { return start(config(id), opener); }
  void stop(std::uint32_t id) { servers_.erase(id); }

  // Until all who run, and are peers, have found each other.
  void introduce() {
    EXPECT_TRUE(until([&] {
      for (const auto& [from, server] : servers_) {
        for (const auto& [to, peer] : server->transport->statistics()) {
          const bool runs = servers_.count(to.value) > 0;
          if (runs && !server->transport->is_up(to)) return false;
        }
      }
      return true;
    }));
  }

  // Lets all go on until `done`; false if that takes too long.
  bool until(const std::function<bool()>& done,
             std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    const auto end = os::steady_now() + patience;
    while (os::steady_now() < end) {
      for (const auto& [id, server] : servers_) {
        server->transport->on_time(os::steady_now());
        server->transport->flush();
      }
      EXPECT_TRUE(loop_->turn(std::chrono::milliseconds(5)).ok());
      if (done()) return true;
    }
    return false;
  }

  os::Loop& loop() { return *loop_; }

 private:
  std::unique_ptr<os::Loop> loop_ = os::Loop::make().value();
  os::Log log_{0};
  base::Prng ports_{os::entropy()};
  std::map<std::uint32_t, os::HostPort> addresses_;
  std::map<std::uint32_t, std::unique_ptr<Server>> servers_;
};

}  // namespace transport
