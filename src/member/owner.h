// SPDX-License-Identifier: Apache-2.0
// Who runs a Member: raftkv, the C interface, a program that embeds the library.
#pragma once

#include <cstdint>
#include <optional>

#include "raft/node.h"
#include "replica/outlet.h"

namespace member {

// Names one request for the owner; the Member only gives it back.
struct Token {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

// Where a member stands in its cluster.
struct Standing {
  raft::Role role = raft::Role::Follower;
  raft::Term term;
  std::optional<raft::NodeId> leader;
  friend bool operator==(const Standing&, const Standing&) = default;
};

class Owner {
 public:
  virtual ~Owner() = default;
  // Every request that was taken is answered exactly once, in any order, perhaps before submit()
  // returns.
  virtual void on_answer(Token token, replica::Outcome outcome) = 0;
  // A sync, which takes long, comes next: what answers were written may leave now.
  virtual void on_flush() = 0;
  // Once a turn at most, when it is another one.
  virtual void on_standing(const Standing& standing) = 0;
  // The state machine has been given `entry`: for those who keep records of it.
  virtual void on_applied(const raft::Entry& /*entry*/) {}
};

}  // namespace member
