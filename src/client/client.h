// SPDX-License-Identifier: Apache-2.0
// A client of raftkv: one command at a time, to the leader when it knows it, on to the next node
// when one fails.
//
//   client::Client client({.nodes = {{"127.0.0.1", 6379}, ...}});
//   const client::Outcome outcome = client.call({"SET", "x", "1"}, client::Effect::Write);
//
// What certainly did not happen is tried again, at another node, until the time is over. A write
// that may have happened is not: the caller has to know, or to use a Session (session.h), in which
// a command may be sent again.
#pragma once

#include <chrono>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "client/link.h"

namespace client {

enum class Effect { Read, Write };

struct Config {
  std::vector<os::HostPort> nodes;           // At least one; others are learned if need be.
  std::chrono::milliseconds patience{5000};  // For one call, with all attempts.
  std::chrono::milliseconds attempt{1500};   // For one attempt; a node that is silent for longer
                                             // is given up.
  // Ask nodes to name the leader (-MOVED) rather than to pass commands on, and go there.
  bool follow_leader = false;
};

class Client {
 public:
  explicit Client(Config config);

  // Blocks until there is an outcome. A read is never Unknown.
  Outcome call(Words words, Effect effect);
  Outcome call(std::initializer_list<std::string_view> words, Effect effect) {
    return call(Words(words.begin(), words.size()), effect);
  }

  const Config& config() const { return config_; }
  // Where the next command goes.
  const os::HostPort& node() const { return links_[node_].where(); }

  // For Session. One attempt at one node; what is not Done leaves the next attempt to another node.
  Outcome attempt(Words words, Time deadline);

 private:
  base::Status prepare(Time deadline);
  // True if `reply` sends us to another node.
  bool follow(const resp::Reply& reply);
  void next_node();

  Config config_;
  std::vector<Link> links_;
  std::size_t node_ = 0;
};

}  // namespace client
