// SPDX-License-Identifier: Apache-2.0
// What servers say to each other: one struct a message, all fields always meaningful (Raft Figure
// 2).
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "raft/entries.h"
#include "raft/entry.h"
#include "raft/types.h"

namespace raft {

// Would `from` get a vote in `term`, which it has not entered yet? Changes nothing at the receiver
// (thesis §9.6).
struct PreVote {
  Term term;
  EntryId last;
};
struct PreVoteReply {
  Term term;  // Granted: the term asked for. Refused: the receiver's own.
  bool granted = false;
};

struct RequestVote {
  Term term;
  EntryId last;           // The candidate's last entry (Raft §5.4.1).
  bool transfer = false;  // The leader asked for this election: a voter that hears it helps, too.
};
struct VoteReply {
  Term term;
  bool granted = false;
};

// Also the heartbeat, when `entries` is empty.
struct AppendEntries {
  Term term;
  EntryId previous;
  LogIndex commit;
  std::uint64_t round = 0;  // The leader's read round; the reply gives it back (thesis §6.4).
  Entries entries;
};
// Speaks of one request and of nothing that the follower may have besides: of `count` entries
// behind `previous`. So it stays true, within its term, however late or often it comes.
struct AppendReply {
  Term term;
  LogIndex previous;        // AppendEntries::previous.index of the request this answers.
  std::uint64_t count = 0;  // Success: the number of its entries.
  std::uint64_t round = 0;  // AppendEntries::round of it; 0 if its term was old.
  bool success = false;     // The follower's log equals the leader's up to match(), durably.
  EntryId hint;  // Refusal: the follower's last entry at or below `previous` that could match
                 // (Raft §5.3, the optimisation of its last paragraphs).
  // The follower's disk lost entries that it had acknowledged, and it has not caught up since: what
  // it said before does not count any more.
  bool lost = false;

  LogIndex match() const { return previous.plus(count); }
};

// A piece of the leader's snapshot (Raft §7), whose last entry is `last`. Where one ends and
// another begins means nothing; what the bytes mean is known to the owners of the cores.
struct SnapshotChunk {
  Term term;
  EntryId last;
  std::uint64_t offset = 0;  // Of `data` in the snapshot.
  std::uint64_t total = 0;   // Bytes of the whole snapshot.
  Payload data;              // Null: none.

  std::uint64_t end() const { return offset + (data == nullptr ? 0 : data->size()); }
  bool is_last() const { return end() == total; }
};
struct SnapshotReply {
  Term term;
  EntryId last;  // Like `offset`, of the chunk this answers.
  std::uint64_t offset = 0;
  std::uint64_t next_offset = 0;  // What the follower needs next.
  bool installed = false;         // It has all up to `last`, durably.
};

// Stand for election at once: this leader makes room for you (thesis §3.10).
struct TimeoutNow {
  Term term;
};

// A follower that was asked for a read asks its leader for an index (thesis §6.4). `context` names
// the question among all that this follower ever asks.
struct ReadIndexRequest {
  Term term;
  std::uint64_t context = 0;
};
struct ReadIndexReply {
  Term term;
  std::uint64_t context = 0;
  bool granted = false;
  LogIndex index;  // 0 if it is not granted.
};

using Message =
    std::variant<PreVote, PreVoteReply, RequestVote, VoteReply, AppendEntries, AppendReply,
                 SnapshotChunk, SnapshotReply, TimeoutNow, ReadIndexRequest, ReadIndexReply>;

struct Envelope {
  NodeId to;
  Message message;
};

}  // namespace raft
