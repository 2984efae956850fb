// SPDX-License-Identifier: Apache-2.0
// What a Node is told once, at its start. Times are in ticks: only the owner knows what a tick is.
#pragma once

#include <cstdint>
#include <vector>

#include "raft/types.h"

namespace raft {

#ifdef SEAWORTHY_BROKEN
// Rules to break on purpose, for checkers to find (docs/broken.md).
enum class Broken : std::uint8_t {
  Nothing,
  VotesTwice,
  StaleVoteCheck,
  CommitsByCounting,
  TruncatesAcked,
  EmptiesResent
};
#endif

struct Config {
  NodeId self;
  std::vector<NodeId> voters;  // Everybody who votes, `self` included; no id twice.

  // A follower that hears no leader for a number of ticks drawn from min..max asks for an election
  // (Raft §5.2). Requires: heartbeat_ticks < election_ticks_min <= election_ticks_max.
  std::uint32_t election_ticks_min = 10;
  std::uint32_t election_ticks_max = 20;
  std::uint32_t heartbeat_ticks = 2;

  // Limits. An entry weighs its payload and kEntryOverheadBytes (log.h). One entry is always let
  // through, however heavy, when nothing else is on its way.
  std::uint64_t max_append_bytes = std::uint64_t{256} << 10;  // Entries in one AppendEntries.
  std::uint32_t max_inflight_messages = 64;  // Unanswered ones with entries, a peer.
  std::uint64_t max_uncommitted_bytes = std::uint64_t{64}
                                        << 20;  // Beyond, a Propose is Overloaded.
  std::uint32_t max_pending_reads = 64 * 1024;  // Beyond, a Read is unreadable.

  // Election timeouts are drawn from this and `self`, so equal seeds do no harm.
  std::uint64_t seed = 0;
#ifdef SEAWORTHY_BROKEN
  Broken broken = Broken::Nothing;
#endif
};

}  // namespace raft
