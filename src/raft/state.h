// SPDX-License-Identifier: Apache-2.0
// What of a server survives a crash, and how it comes back from the disk.
#pragma once

#include <optional>
#include <vector>

#include "raft/configuration.h"
#include "raft/message.h"
#include "raft/types.h"

namespace raft {

// The part of a server's state that must survive a crash besides the log (Raft Figure 2).
struct HardState {
  Term term;
  std::optional<NodeId> vote;
  friend bool operator==(const HardState&, const HardState&) = default;
};

// What a snapshot stands for: all entries up to `last`, and the configuration in force there.
struct SnapshotMeta {
  EntryId last;
  Configuration configuration;
  friend bool operator==(const SnapshotMeta&, const SnapshotMeta&) = default;
};

// What was durable at the end of the last life; of a new server, nothing: Recovered{}.
//
//     base        snapshot.last          entries.back()      floor
//      |----entries----|--------------------->|.................|
struct Recovered {
  HardState hard_state;
  std::optional<SnapshotMeta> snapshot;  // The newest.
  std::uint64_t snapshot_total = 0;      // Its bytes.
  EntryId base;                          // The entry before the first of `entries`.
  std::vector<Entry> entries;
  // The journal lost entries that were acknowledged, and the last of them may have been this one:
  // until the log is as up-to-date again, this server neither votes nor leads. Requires: hard_state
  // is not lost, too; whoever does not know its term does not come back.
  EntryId floor;
};

}  // namespace raft
