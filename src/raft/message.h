// SPDX-License-Identifier: Apache-2.0
// What servers say to each other: one struct a message, all fields always meaningful (Raft Figure
// 2).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "raft/types.h"

namespace raft {

// Noop: what a new leader writes first, so that it can commit in its own term (Raft §8).
enum class EntryKind : std::uint8_t { Noop = 0, Command = 1 };

// Bytes the core never looks into. Shared and immutable: the same command lies in the log, in
// messages to every follower and in the apply queue, and is copied nowhere.
using Payload = std::shared_ptr<const std::string>;

struct Entry {
  EntryId id;
  EntryKind kind = EntryKind::Noop;
  Payload payload;  // Null if and only if the kind is Noop.
};

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
  EntryId last;  // The candidate's last entry (Raft §5.4.1).
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
  std::vector<Entry> entries;
};
struct AppendReply {
  Term term;
  LogIndex previous;  // AppendEntries::previous.index of the request this answers.
  std::uint64_t round =
      0;  // AppendEntries::round of the request this answers; 0 if its term was old.
  bool success = false;
  LogIndex match;  // Success: the follower's log equals the leader's up to here, durably.
  EntryId hint;    // Refusal: the follower's last entry at or below `previous` that could
                   // match (Raft §5.3, the optimisation of its last paragraphs).
};

using Message =
    std::variant<PreVote, PreVoteReply, RequestVote, VoteReply, AppendEntries, AppendReply>;

struct Envelope {
  NodeId to;
  Message message;
};

}  // namespace raft
