// SPDX-License-Identifier: Apache-2.0
// Everything that can happen in a simulated cluster. A run is a list of these; times, probabilities
// and faults of the network are only reasons why the list is as it is.
//
// A message is named by the action in which it was sent: "12.0" is the first one sent in action 12.
// So it keeps its name when other actions are taken out of the list.
#pragma once

#include <cstdint>

#include "raft/types.h"
#include "sim/disk.h"

namespace sim {

enum class ActionKind : std::uint8_t {
  Tick,       // `count` ticks of the server's clock, each a turn of its own but the last
  Deliver,    // a message reaches its server
  Ask,        // a client asks the server for something
  GiveUp,     // a client waits no longer
  Crash,      // power cut, now
  Kill,       // the process ends; what it wrote is still there
  Start,      // the server recovers and goes on
  ArmDeath,   // power cut at the `count`-th effect from now on
  ArmError,   // the `count`-th call to the disk from now on fails
  ArmFull,    // the disk is full from the `count`-th call on
  Disarm,     // the disk works again
  Change,     // somebody wants another configuration from the server
  Transfer,   // ... or that `peer` leads instead of it
  Snapshot,   // ... or a snapshot of what it has applied
  Retry,      // a client asks the server for what it asked before, in its session
  Flip,       // a bit of what is stored turns, or a sector of it is zeros
  Misdirect,  // the next write goes elsewhere
  Spoil       // as Flip, in the newest snapshot
};

// Open: a session, for the writes that follow.
enum class Function : std::uint8_t { Read, Write, Cas, Append, Open };

struct MessageName {
  std::uint32_t action = 0;
  std::uint32_t nth = 0;
  friend constexpr auto operator<=>(MessageName, MessageName) = default;
};

struct Question {
  std::uint32_t client = 0;  // 1..clients
  std::uint32_t key = 0;
  Function function = Function::Read;
  std::uint64_t value = 0;     // Written: no other question of the run writes it.
  std::uint64_t expected = 0;  // Cas. 0: nothing.
};

struct Action {
  std::uint32_t number = 0;  // 0: the one after the last. Numbers rise.
  ActionKind kind = ActionKind::Tick;
  // The turn of the server goes on: what comes next to it is done together with this.
  bool more = false;
  raft::NodeId node = {};
  std::uint64_t count = 1;
  std::uint64_t missed = 0;              // Tick: so many were missed before the first.
  std::uint64_t voters = 0;              // Change: bit i - 1: server i.
  std::uint64_t learners = 0;            // Change
  raft::NodeId peer = {};                // Transfer
  MessageName message = {};              // Deliver
  std::uint32_t slot = 0;                // Deliver: where it is (Cluster::outbox)
  bool keep = false;                     // Deliver: it will come once more
  std::uint64_t corrupt = 0;             // Deliver: seed of what happens to its bytes; 0: nothing
  Question question = {};                // Ask; GiveUp: the client
  Survival survival = Survival::Random;  // Crash, ArmDeath
  std::uint64_t seed = 0;                // Crash, ArmDeath, Flip, Misdirect, Spoil
};

}  // namespace sim
