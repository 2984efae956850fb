// SPDX-License-Identifier: Apache-2.0
#include "check/run/connections.h"

#include "base/check.h"

namespace check::run {

Connections::Connections(cluster::RaftClusterConfig& config, std::chrono::milliseconds timeout)
    : config_(config), timeout_(timeout) {
  connections_.push_back({config_.create_client()});
  if (connections_.front().client->changes_nodes()) return;
  connections_.resize(config_.nodes());
}

Connections::Connection& Connections::of(history::NodeId node) {
  return connections_.size() == 1 ? connections_.front() : connections_[node.value - 1];
}

base::Result<cluster::RaftClient*> Connections::to(history::NodeId node) {
  Connection& connection = of(node);
  if (!connection.client) connection.client = config_.create_client();
  if (connection.node != node) {
    connection.node = {};
    TRY([[maybe_unused]] const base::Done ready, connection.client->connect(node, timeout_));
    connection.node = node;
  }
  return connection.client.get();
}

void Connections::give_up(history::NodeId node) { of(node).node = {}; }

void Connections::close() {
  for (Connection& connection : connections_) {
    if (connection.client) connection.client->close();
  }
}

history::NodeId Round::next() {
  const auto nodes = static_cast<std::uint32_t>(passed_over_.size());
  CHECK(nodes > 0);
  for (std::uint32_t tries = 0; tries < nodes; ++tries) {
    last_ = {1 + last_.value % nodes};
    std::uint32_t& left = passed_over_[last_.value - 1];
    if (left == 0) return last_;
    left -= 1;
  }
  last_ = {1 + last_.value % nodes};
  return last_;
}

history::NodeId Route::next(bool reads) { return reads && manner_.rotates ? round_.next() : home_; }

void Route::unanswered(bool reads, base::Prng& prng) {
  if (reads && manner_.rotates) return round_.unanswered();
  if (manner_.roams) home_ = {1 + static_cast<std::uint32_t>(prng.between(0, nodes_ - 1))};
}

}  // namespace check::run
