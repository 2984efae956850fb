// SPDX-License-Identifier: Apache-2.0
// Everything a Node asks of the world, as a value.
//
// The order that the owner keeps, within one step and over steps:
//   1. `save`, `install`, `truncate_from`, `append` go to the journal in this order, as one record
//      of `step`;
//   2. `send_now` may leave at any time, also before the sync; so may `send_chunks`;
//   3. `send_durable` leaves when a Receipt opens it;
//   4. the state machine is replaced by the snapshot of `install`; then `apply` goes to it, in
//   index
//      order; then `readable` at or below what is applied.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "raft/durable.h"
#include "raft/input.h"
#include "raft/message.h"
#include "raft/state.h"

namespace raft {

// What became of one Propose, ChangeMembership or TransferLeadership. Accepted: its commands lie at
// first..first+count-1 of the log, in `term`; whether they are committed shows when (or whether)
// exactly these ids are applied.
struct Accepted {
  EntryId first;
  std::uint64_t count = 0;
};
// Certainly not done.
struct Refused {
  enum class Reason : std::uint8_t {
    NotLeader,
    Overloaded,     // Too much is waiting to be committed.
    Transferring,   // Leadership is on its way to another server.
    ChangePending,  // An earlier change of the configuration is not committed or not finished.
    NotReady,     // Nothing of this leader's term is committed yet (thesis §4.1, the correction).
    NotCaughtUp,  // A server that is to vote or lead is no learner, or lacks entries.
    Invalid,      // Not a configuration; or leadership to one who cannot lead.
  } reason = Reason::NotLeader;
};
using Proposed = std::variant<Accepted, Refused>;

// The read may be answered from any state that has applied at least `index`.
struct Readable {
  ReadId id;
  LogIndex index;
};

// The owner reads at most `max_bytes` of its snapshot `chunk.last` from `chunk.offset` on, puts
// them into chunk.data, and sends the chunk to `to`. If it cannot, it does nothing: it will be
// asked again.
struct SendChunk {
  NodeId to;
  SnapshotChunk chunk;
  std::uint64_t max_bytes = 0;
};

// The staged snapshot, which is durable, takes the place of the state machine's state and of the
// log up to snapshot.last. The entries behind that stay, or go as well.
struct Install {
  SnapshotMeta snapshot;
  bool keeps_rest = false;
};

struct Effects {
  StepNumber step;  // Rises when this step has something to make durable; else as before.
  std::optional<HardState> save;
  std::optional<Install> install;
  std::optional<LogIndex> truncate_from;  // Entries from here on go, before `append` comes.
  std::vector<Entry> append;
  std::vector<Envelope> send_now;
  std::vector<Held<Envelope>> send_durable;
  std::vector<Entry> apply;  // Newly committed, in order, no gaps.
  std::optional<Proposed> proposed;
  std::vector<Readable> readable;
  std::vector<ReadId> unreadable;  // Nothing is known: ask again, or another.
  std::vector<SendChunk> send_chunks;
  // Put this into the staging file at its offset, and give Staged. It goes on where the last one
  // ended; at offset 0 a new file begins, unless an earlier life left a part of the same snapshot:
  // then Staged::next_offset says how far that goes.
  std::optional<SnapshotChunk> stage;
  // The journal may drop entries up to here: a durable snapshot covers them. Not to be synced.
  std::optional<LogIndex> drop_through;

  bool must_sync() const { return save || truncate_from || install || !append.empty(); }
  // Empties it, and keeps its memory for the next step.
  void clear();
};

}  // namespace raft
