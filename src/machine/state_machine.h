// SPDX-License-Identifier: Apache-2.0
// What a cluster agrees on, as its owner sees it: commands go in, in the order of the log, and each
// gets a result. Implement this to replicate something of your own.
//
//   committed entries --> apply() --> results, to whoever waits for them
//   linearizable read --> read()  --> answer
//   log too long      --> snapshot() --> pieces, to the disk        (while apply() goes on)
//   far behind        --> begin_restore(): pieces from the disk, then finish(): a new state at once
//
// Two machines that applied the same commands are in the same state and gave the same results, on
// every computer: no clock, no entropy, no iteration over unordered containers. A command that
// makes no sense gets a result that says so; nothing stops a machine.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "raft/message.h"

namespace machine {

// The answer to one command or query, in a form that only the machine and its clients know.
using Answer = std::string;

// The state as it was when the snapshot was begun, whatever has been applied since.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // The next piece, of roughly `about_bytes`; empty: that was all. The pieces, one after the other,
  // are the snapshot; where they are cut means nothing.
  virtual std::string next(std::size_t about_bytes) = 0;
};

// A snapshot on its way in. The machine is as it was until finish() succeeded; one that is
// destroyed before has changed nothing.
class Restore {
 public:
  virtual ~Restore() = default;
  // The bytes of a Snapshot in order, cut anywhere. Corrupt: they are not from one.
  virtual base::Status add(std::string_view bytes) = 0;
  virtual base::Status finish() = 0;
};

class StateMachine {
 public:
  virtual ~StateMachine() = default;

  // Appends one answer for each of `commands`, all of kind Command, to `answers`.
  virtual void apply(std::span<const raft::Entry> commands, std::vector<Answer>& answers) = 0;
  // Changes nothing.
  virtual Answer read(std::string_view query) const = 0;

  // Null: this machine has no snapshots, or cannot make one now; the log is kept. At most one at a
  // time; it does not outlive the machine.
  virtual std::unique_ptr<Snapshot> snapshot() = 0;
  // Null: this machine has no snapshots, or no room. At most one at a time, and none of snapshot()
  // when it finishes.
  virtual std::unique_ptr<Restore> begin_restore() = 0;
};

}  // namespace machine
