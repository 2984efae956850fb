// SPDX-License-Identifier: Apache-2.0
// What a cluster agrees on: implement this to replicate something of your own.
//
//   committed writes --> apply() --> answers, to whoever waits for them
//   linearizable read --> read() --> answer
//   log too long     --> snapshot(): pieces, to the disk          (while apply() goes on)
//   far behind       --> restore():  pieces from the disk, then finish(): a new state at once
//
// Two machines that applied the same commands must be in the same state and have given the same
// answers, on every computer: no clock, no random numbers, no iteration over unordered containers.
// All calls come from one thread, one at a time; none may throw.
//
// Stability: stable. Functions are not added to, nor taken from, a class that you implement within
// a major version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace seaworthy {
inline namespace v0 {

// One committed write. `index` rises from command to command, with gaps.
struct Command {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  std::string_view bytes;
};

// The state as it was when the snapshot was begun, whatever has been applied since.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // The next piece, of roughly `about_bytes`; empty: that was all. Where they are cut means
  // nothing.
  virtual std::string next(std::size_t about_bytes) = 0;
};

// A snapshot on its way in. The machine stays as it is until finish(); a Restore that is destroyed
// before has changed nothing.
class Restore {
 public:
  virtual ~Restore() = default;
  // The bytes of a Snapshot in order, cut anywhere. False: they are not from one.
  virtual bool add(std::string_view bytes) = 0;
  virtual bool finish() = 0;
};

class StateMachine {
 public:
  virtual ~StateMachine() = default;

  // A command that makes no sense gets an answer that says so: nothing stops a machine.
  virtual std::string apply(const Command& command) = 0;
  // Changes nothing.
  virtual std::string read(std::string_view query) const = 0;

  // Null: it has no snapshots, and the log is kept whole. Both or none. At most one of each at a
  // time; they do not outlive the machine.
  virtual std::unique_ptr<Snapshot> snapshot();
  virtual std::unique_ptr<Restore> restore();
};

// For states that are small enough to be a string: all of it, and what takes all of it (false: that
// is no state).
std::unique_ptr<Snapshot> whole_snapshot(std::string state);
std::unique_ptr<Restore> whole_restore(std::function<bool(std::string state)> take);

}  // namespace v0
}  // namespace seaworthy
