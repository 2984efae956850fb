// SPDX-License-Identifier: Apache-2.0
// What a Node is told once, at its start. Times are in ticks: only the owner knows what a tick is.
#pragma once

#include <cstdint>

#include "raft/configuration.h"
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
  // The first configuration of the cluster: counts only while neither a snapshot nor the log has
  // one. Empty for a server that is to join: it learns of its cluster from a leader, and until then
  // neither votes for itself nor leads. Valid (configuration.h) or empty.
  Configuration initial;

  // A follower that hears no leader for a number of ticks drawn from min..max asks for an election
  // (Raft §5.2). Requires: heartbeat_ticks < election_ticks_min <= election_ticks_max.
  std::uint32_t election_ticks_min = 10;
  std::uint32_t election_ticks_max = 20;
  std::uint32_t heartbeat_ticks = 2;

  // Limits: every queue has one. An entry weighs its payload and kEntryOverheadBytes (log.h). One
  // entry is always let through, however heavy, when nothing else is on its way.
  std::uint64_t max_append_bytes = std::uint64_t{256} << 10;  // Entries in one AppendEntries.
  std::uint32_t max_inflight_messages = 64;  // Unanswered ones with entries, a peer.
  std::uint64_t max_inflight_bytes = std::uint64_t{16} << 20;  // Their entries together, a peer.
  std::uint64_t max_uncommitted_bytes = std::uint64_t{64}
                                        << 20;  // Beyond, a Propose is Overloaded.
  std::uint64_t max_uncommitted_entries = std::uint64_t{1} << 20;  // As well.
  std::uint32_t max_pending_reads = 64 * 1024;  // Own ones and those of followers together; beyond,
                                                // a Read is unreadable.
  std::uint64_t snapshot_chunk_bytes = std::uint64_t{256} << 10;  // One a peer is on its way.
  // Entries that only a snapshot on its way to a follower needs are kept, while the follower
  // answers and the log weighs no more than this.
  std::uint64_t max_kept_bytes = std::uint64_t{256} << 20;

  // A learner may become a voter when it lacks no more entries than this (thesis §4.2.1).
  std::uint64_t max_promotion_lag = 1000;

  // Reads without asking anybody while a majority has lately promised not to elect another leader
  // (thesis §6.4.1). Rests on clocks: no server's tick is longer or shorter than another's by more
  // than this share. All servers of a cluster must agree on `on`.
  struct Lease {
    bool on = false;
    std::uint32_t drift_per_mille = 100;
  } lease;

  // Election timeouts are drawn from this and `self`, so equal seeds do no harm.
  std::uint64_t seed = 0;
  // Another number for every life of this server, so that a late answer to an earlier life's read
  // is not taken for one to this life's. A counter on disk or a random number will do.
  std::uint64_t life = 0;
#ifdef SEAWORTHY_BROKEN
  Broken broken = Broken::Nothing;
#endif
};

}  // namespace raft
