// SPDX-License-Identifier: Apache-2.0
// Where a Replica puts what leaves it: the port to the network and to the waiting clients.
#pragma once

#include <cstdint>
#include <variant>

#include "base/ordinal.h"
#include "machine/state_machine.h"
#include "raft/message.h"
#include "raft/state.h"

namespace replica {

// Names one request for the caller; the Replica only gives it back. Later requests have higher ids.
using RequestId = base::Ordinal<struct RequestLine>;

// It took effect exactly once (a write), or saw everything that was acknowledged before (a read).
struct Done {
  machine::Answer answer;
};
// It has not taken effect and never will.
struct NotDone {
  enum class Reason : std::uint8_t {
    NotLeader,
    Overloaded,
    TooLong,       // It does not fit what the cluster carries.
    Transferring,  // These as raft::Refused::Reason has them.
    ChangePending,
    NotReady,
    NotCaughtUp,
    Invalid,
    Failed,  // A transfer that did not come about; a snapshot that cannot be taken.
  } reason = Reason::NotLeader;
};
// A write that may or may not have taken, or may yet take, effect.
struct Unknown {};
using Outcome = std::variant<Done, NotDone, Unknown>;

class Outlet {
 public:
  virtual ~Outlet() = default;

  // May be lost, late or doubled on its way, but not changed. May wait for flush().
  virtual void send(const raft::Envelope& envelope) = 0;
  // Each request is answered exactly once, in any order. May wait for flush().
  virtual void answer(RequestId id, Outcome outcome) = 0;
  // Now let go what send() and answer() took: a sync, which takes long, comes next, and others can
  // work meanwhile.
  virtual void flush() = 0;
  // The state machine has been given `entry`: for those who keep records of it.
  virtual void applied(const raft::Entry& /*entry*/) {}
  // The state machine has become the snapshot, which a leader sent.
  virtual void installed(const raft::SnapshotMeta& /*snapshot*/) {}
};

}  // namespace replica
