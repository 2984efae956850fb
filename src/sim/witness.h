// SPDX-License-Identifier: Apache-2.0
// The checker's own judge of messages (check/evidence), shown what leaves the servers as its
// monitor would see it: it knows nothing of their states. So a violation is seen twice, by code
// that shares nothing, and the checker proves itself on every correct run.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "check/evidence/judge.h"
#include "raft/message.h"

namespace sim {

class Witness {
 public:
  Witness() : judge_(check::wire::Protocol::Raftkv) { judge_.saw_the_beginning(); }

  // `shortened`: damage took what it had acknowledged, and it knows.
  void on_started(raft::NodeId node, bool shortened, std::uint64_t now);
  void on_stopped(raft::NodeId node, bool power_cut, std::uint64_t now);
  void on_sent(raft::NodeId from, const raft::Envelope& envelope, std::uint64_t now);

  bool proven() const { return judge_.proven(); }
  // Requires: proven().
  check::verdict::Finding finding() const { return judge_.findings().front(); }

 private:
  void tell(raft::NodeId node, check::evidence::NodeEventKind kind, std::uint64_t now);

  check::evidence::Judge judge_;
  std::map<std::pair<raft::NodeId, raft::NodeId>, std::uint64_t> connections_;
  std::uint64_t last_connection_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t time_ = 0;
};

}  // namespace sim
