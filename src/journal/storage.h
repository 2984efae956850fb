// SPDX-License-Identifier: Apache-2.0
// What keeps one server's term, vote and log over a crash. Two implementations come with the
// library, segments and a mapped file (journal.h: Config::kind); bring your own by implementing
// Storage, and try it with the conformance kit (journal/kit).
//
//   recover()   once, first            what is there; from then on durable
//   append(c1) append(c2) ...          gathers a batch; touches no disk
//   sync()                             the batch is durable, as a whole
//   drop_through(i)                    the entries up to i are in a durable snapshot
//   tend()                             now and then: a piece of housekeeping
//
// The contract, which the kit checks:
//   * After sync() returned, a crash at any time and recover() give the state after exactly the
//     batches that were synced; a batch whose sync() did not return is there as a whole or not at
//     all. A batch keeps the order of its changes.
//   * recover() makes durable what it returns: a crash right after it changes nothing.
//   * An error of sync() or tend() is final: nothing is known about the batch, every later call
//     gives the same error and touches no disk (after a failed fsync a second one proves nothing;
//     hazard F16). Open anew.
//   * Damage is never taken for an unfinished end. recover() then succeeds with the longest prefix
//     of entries that is good, names each damage in `findings`, also which of them is why there is
//     a `floor`, and sets that; prefix and floor stay so, over further crashes, until the log has
//     grown to `floor`. Term and vote are not lost.
//   * Entries above drop_through() are never dropped. Whether and when those below go is free.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "raft/effects.h"

namespace journal {

// A snapshot takes the place of the log up to `last`, which must be the id of a committed entry.
struct Rebase {
  raft::EntryId last;
  // The entries behind `last` stay (requires: the log has `last`, or begins after it). Else the log
  // is empty, and begins after `last`.
  bool keeps_rest = false;
};

// What one step changes, in this order.
struct Change {
  std::optional<raft::HardState> save;
  std::optional<Rebase> rebase;
  std::optional<raft::LogIndex> truncate_from;
  std::span<const raft::Entry> append;  // Follow the last entry without a gap.
  // Recovered::floor from now on. Only for what a Journal finds missing when it opens.
  std::optional<raft::EntryId> floor;

  bool empty() const { return !save && !rebase && !truncate_from && append.empty() && !floor; }
};

// Something in a file is not as it was written.
struct Finding {
  std::string file;                     // Empty: it is no matter of one file.
  std::optional<std::uint64_t> offset;  // Nothing: of no byte.
  std::string what;                     // "frame 12 is damaged"
  raft::EntryId floor = {};             // The Recovered::floor that it calls for; 0 0: none.

  // "0000000000000001.journal: frame 12 is damaged at byte 4096"
  std::string sentence() const {
    return (file.empty() ? "" : file + ": ") + what +
           (offset ? " at byte " + std::to_string(*offset) : "");
  }
};

struct Recovered {
  raft::HardState hard_state;
  raft::EntryId base;                // The log begins after this entry; 0 0: with the first.
  std::vector<raft::Entry> entries;  // From base.index + 1 on, without a gap.

  // The log was longer than it is now, and what is missing may have been promised to others: until
  // it is again at least as up to date as this (Raft §5.4.1: later term, or same term and no
  // shorter), by what a leader sends, this server must neither vote nor stand. 0 0: nothing is
  // missing. kUnknownFloor: it is not known what is missing, not even whether there was a later
  // term, and never will be: this server must take no part any more, for an acknowledgement in an
  // earlier term breaks what it promised in a later one, too.
  raft::EntryId floor;
  std::vector<Finding> findings;

  raft::EntryId last() const { return entries.empty() ? base : entries.back().id; }
};

// Terms and indices end here, so that the next one never overflows.
inline constexpr std::uint64_t kMaxPosition = std::uint64_t{1} << 62U;
inline constexpr raft::EntryId kUnknownFloor{raft::Term(kMaxPosition),
                                             raft::LogIndex(kMaxPosition)};

class Storage {
 public:
  virtual ~Storage() = default;

  // Corrupt is no error of recover(). InvalidArgument: not this server's, or of a version that this
  // program does not know. Io: the disk said no.
  virtual base::Result<Recovered> recover() = 0;

  // Requires: recover() succeeded; the change is a legal one for the log so far.
  virtual void append(const Change& change) = 0;
  // What append() gathered since the last sync(), in bytes on the disk; 0 if and only if nothing.
  virtual std::uint64_t pending_bytes() const = 0;
  virtual base::Status sync() = 0;

  // A note: the work is done in tend().
  virtual void drop_through(raft::LogIndex index) = 0;
  // Does at most a small piece (milliseconds) of work that can wait: prepares room for batches to
  // come, drops what drop_through() allows. True if there is more to do now. That there is no room
  // to prepare (NoSpace) is no error as long as batches have some.
  virtual base::Result<bool> tend() = 0;
};

}  // namespace journal
