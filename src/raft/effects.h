// SPDX-License-Identifier: Apache-2.0
// Everything a Node asks of the world, as a value.
//
// The order that the owner keeps, within one step and over steps:
//   1. `save`, `truncate_from`, `append` go to the journal in this order, as one record of `step`;
//   2. `send_now` may leave at any time, also before the sync;
//   3. `send_durable` leaves when a Receipt opens it;
//   4. `apply` goes to the state machine in index order; then `readable` at or below what is
//   applied.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "raft/durable.h"
#include "raft/input.h"
#include "raft/message.h"

namespace raft {

// The part of a server's state that must survive a crash besides the log (Raft Figure 2).
struct HardState {
  Term term;
  std::optional<NodeId> vote;
  friend bool operator==(const HardState&, const HardState&) = default;
};

// What became of one Propose. Accepted: its commands lie at first..first+count-1 of the log, in
// `term`; whether they are committed shows when (or whether) exactly these ids are applied.
struct Accepted {
  EntryId first;
  std::uint64_t count = 0;
};
// Certainly not done: this server does not lead, or is full.
struct Refused {
  enum class Reason : std::uint8_t { NotLeader, Overloaded } reason = Reason::NotLeader;
};
using Proposed = std::variant<Accepted, Refused>;

// The read may be answered from any state that has applied at least `index`.
struct Readable {
  ReadId id;
  LogIndex index;
};

struct Effects {
  StepNumber step;  // Rises when this step has something to make durable; else as before.
  std::optional<HardState> save;
  std::optional<LogIndex> truncate_from;  // Entries from here on go, before `append` comes.
  std::vector<Entry> append;
  std::vector<Envelope> send_now;
  std::vector<Held<Envelope>> send_durable;
  std::vector<Entry> apply;  // Newly committed, in order, no gaps.
  std::optional<Proposed> proposed;
  std::vector<Readable> readable;
  std::vector<ReadId> unreadable;  // Not the leader (any more): nothing is known, ask another.

  bool must_sync() const { return save || truncate_from || !append.empty(); }
};

}  // namespace raft
