// SPDX-License-Identifier: Apache-2.0
// How one client reaches the nodes: its connections, and whose turn it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/prng.h"
#include "base/result.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/history/node_id.h"

namespace check::run {

// One connection to each node that was asked; of a system whose client changes nodes for nothing,
// one in all.
class Connections {
 public:
  Connections(cluster::RaftClusterConfig& config, std::chrono::milliseconds timeout);

  // A client that is ready to ask `node`; valid until the next call.
  base::Result<cluster::RaftClient*> to(history::NodeId node);
  // The next time it is connected anew.
  void give_up(history::NodeId node);
  void close();

 private:
  struct Connection {
    std::unique_ptr<cluster::RaftClient> client;
    history::NodeId node = {};  // Whom it is connected to; 0: nobody.
  };
  Connection& of(history::NodeId node);

  cluster::RaftClusterConfig& config_;
  std::chrono::milliseconds timeout_;
  std::vector<Connection> connections_;
};

// The nodes in turn. One that does not answer is passed over a few times, so that a dead node does
// not take up most of a client's time.
class Round {
 public:
  Round(std::uint32_t nodes, history::NodeId first) : last_(first), passed_over_(nodes, 0) {}

  history::NodeId next();
  void unanswered() { passed_over_[last_.value - 1] = kTurnsPassedOver; }

 private:
  static constexpr std::uint32_t kTurnsPassedOver = 3;
  history::NodeId last_;
  std::vector<std::uint32_t> passed_over_;  // How often each still is.
};

// Whom a client asks.
class Route {
 public:
  struct Manner {
    bool roams = false;    // Its changes go to another node when theirs does not answer.
    bool rotates = false;  // Its reads go to one node after the other.
  };
  Route(std::uint32_t nodes, history::NodeId first, Manner manner)
      : nodes_(nodes), manner_(manner), home_(first), round_(nodes, first) {}

  history::NodeId next(bool reads);
  // The one that next() said last.
  void unanswered(bool reads, base::Prng& prng);

 private:
  std::uint32_t nodes_;
  Manner manner_;
  history::NodeId home_;  // For changes.
  Round round_;
};

}  // namespace check::run
