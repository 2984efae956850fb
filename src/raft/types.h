// SPDX-License-Identifier: Apache-2.0
// The nouns of Raft. Every other file of this folder speaks in these.
#pragma once

#include <compare>
#include <cstdint>
#include <ostream>

#include "base/ordinal.h"

namespace raft {

using Term = base::Ordinal<struct TermLine>;          // Raft §5.1: logical time of leaderships.
using LogIndex = base::Ordinal<struct LogIndexLine>;  // Raft §5.3: the first entry is at 1.

// Who a server is, for as long as the cluster lives. Ids are compared, never computed with.
struct NodeId {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(NodeId, NodeId) = default;
  friend std::ostream& operator<<(std::ostream& out, NodeId id) { return out << 'n' << id.value; }
};

// Names one entry of one history: within a term, a leader writes an index once (Raft §5.3).
struct EntryId {
  Term term;
  LogIndex index;
  friend constexpr auto operator<=>(const EntryId&, const EntryId&) = default;
};

}  // namespace raft
