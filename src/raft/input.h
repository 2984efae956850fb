// SPDX-License-Identifier: Apache-2.0
// Everything that can happen to a Node.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <variant>
#include <vector>

#include "raft/durable.h"
#include "raft/message.h"
#include "raft/state.h"

namespace raft {

// One unit of logical time has passed, after `missed` others of which this server was not told, for
// its process was stopped or its disk slow. Timeouts do not count those, as a burst of them would
// look like silence of the others; leases do.
//
// Leases rest on what an owner keeps (Leader::has_lease has the arithmetic):
//   - The n-th tick after a Receive comes at least n - 2 units after it: one is due a unit after
//     the one before was, or when that came if it was later still. It may come late, not early.
//     Those of Node::quiet_ticks() may come together, when all are due, before the next Receive.
//   - `missed` is no less than the whole units by which a tick is late.
//   - It ticks all that is due before it asks a Read.
struct Tick {
  std::uint64_t missed = 0;
};

// `message` came from `from`, perhaps late, twice, or out of order, but not changed.
struct Receive {
  NodeId from;
  Message message;
};

// The state machine's owner asks for `commands` to be agreed on, in this order. Answered in the
// same step by Effects::proposed.
struct Propose {
  std::vector<Payload> commands;
};

// Names one read for the caller; the core only gives it back.
using ReadId = base::Ordinal<struct ReadLine>;

// The owner asks for an index that a linearizable read may be answered at (thesis §6.4). Answered,
// in this or a later step, by exactly one of Effects::readable and Effects::unreadable.
struct Read {
  ReadId id;
};

// All that steps up to receipt.step() asked to save and append is on disk.
struct Persisted {
  Receipt receipt;
};

// Make this the cluster's configuration: voters and learners, nobody outgoing. Answered in the same
// step by Effects::proposed. Accepted: the entry that begins the change; what ends it, if voters
// change by more than one, is the leader's own business. Who is to vote must be a learner that has
// caught up, or a voter already.
struct ChangeMembership {
  Configuration target;
};

// Give leadership to `to`, a voter. Answered by Effects::proposed: Accepted with a count of 0, or
// Refused. Until `to` leads, or an election timeout has passed without it, proposals are refused.
struct TransferLeadership {
  NodeId to;
};

// The owner has a durable snapshot of its state machine, of all entries up to `snapshot.last` and
// none behind; `total` is its size in bytes. The log may lose what the snapshot covers, but for
// the last `keep_entries`, with which slow followers are helped more cheaply, and of them no more
// than weigh `keep_bytes`. Requires: the configuration is
// Node::configuration_at(snapshot.last.index).
struct SnapshotTaken {
  SnapshotMeta snapshot;
  std::uint64_t total = 0;
  std::uint64_t keep_entries = 0;
  std::uint64_t keep_bytes = std::numeric_limits<std::uint64_t>::max();
};

// Answers Effects::stage, once: what was staged of the snapshot `last` is whole up to `next_offset`
// (less than was asked for: the rest could not be used). `complete`: all of it is there, it is what
// the leader has (its digest says so), and durable; its configuration and size are known.
struct Staged {
  EntryId last;
  std::uint64_t next_offset = 0;
  std::optional<Configuration> complete;
};

// The journal failed, and nothing that waits for it will ever be durable: this server gives up
// leadership at once and does nothing any more.
struct StorageFailed {};

using Input = std::variant<Tick, Receive, Propose, Read, Persisted, ChangeMembership,
                           TransferLeadership, SnapshotTaken, Staged, StorageFailed>;

}  // namespace raft
