// SPDX-License-Identifier: Apache-2.0
// One message between two nodes, in the words that all Rafts share (Raft, Figure 2 and thesis).
//
// A decoder fills in what its protocol states and leaves the rest absent: nothing here is guessed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ordinal.h"

namespace check::wire {

using Term = base::Ordinal<struct SeenTermLine>;
using Index = base::Ordinal<struct SeenIndexLine>;

enum class MessageType : std::uint8_t {
  RequestVote,
  RequestVoteReply,
  PreVote,
  PreVoteReply,
  AppendEntries,
  AppendReply,
  Heartbeat,  // Does not compare logs: a success says nothing about entries.
  HeartbeatReply,
  InstallSnapshot,
  SnapshotReply,
  TimeoutNow,
  ReadIndex,
  ReadIndexReply,
  Propose,  // A client's command, forwarded to the leader. Not yet an entry.
  ProposeReply,
  Other  // A message of the protocol that has no counterpart here; `name` says which.
};

enum class EntryKind : std::uint8_t { Command, Noop, Configuration, Other };

struct Entry {
  Index index;
  Term term;
  EntryKind kind = EntryKind::Command;
  std::uint64_t hash = 0;   // Of its content: hash_of(). Equal contents have equal hashes.
  std::uint64_t bytes = 0;  // Size of its content.

  friend bool operator==(const Entry&, const Entry&) = default;
};

struct Message {
  MessageType type = MessageType::Other;
  std::string name = {};   // As the protocol calls it: "MsgApp".
  std::string group = {};  // Which Raft, where one connection carries several.
  // Who sent it and for whom it is, as the message or its connection says it: a member's id, an
  // address. Empty: not said.
  std::string sender = {};
  std::string receiver = {};

  std::optional<Term> term = {};
  // The sender has entered `term`. False where a protocol writes another term there: a pre-vote
  // asks for a term not entered yet, a granted pre-vote repeats it, some replies repeat the
  // request's.
  bool term_entered = true;

  // AppendEntries: what comes before `entries`. A reply repeats it if its protocol does, or if the
  // decoder knows the request it answers.
  std::optional<Index> prev_index = {};
  std::optional<Term> prev_term = {};
  std::vector<Entry> entries = {};
  std::optional<Index> commit = {};  // What the sender states as committed.

  // Replies: accepted, granted.
  std::optional<bool> success = {};
  // Success: the sender's log is the leader's up to here, and durable as far as its promise goes.
  std::optional<Index> match = {};
  // End of the sender's log, stated exactly: by a candidate, or by a reply that tells it.
  // InstallSnapshot: the last index and term that the snapshot stands for.
  std::optional<Index> last_index = {};
  std::optional<Term> last_term = {};

  bool transfer = false;                      // A vote asked for because the leader handed over.
  std::optional<std::uint64_t> context = {};  // Of a read index, in requests, heartbeats, replies.
};

// Of an entry's content; the same on every machine (FNV-1a, 64 bits).
std::uint64_t hash_of(std::string_view content);

std::string_view name(MessageType type);  // "AppendEntries"
std::string_view name(EntryKind kind);    // "command"
std::optional<MessageType> message_type(std::string_view name);
std::optional<EntryKind> entry_kind(std::string_view name);

}  // namespace check::wire
