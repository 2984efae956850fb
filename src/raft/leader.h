// SPDX-License-Identifier: Apache-2.0
// What only a leader has: a view of every follower, and the reads that wait for proof of
// leadership. Lives exactly as long as one leadership; nothing of it survives into another term.
//
// It decides what to send, and leaves log and term to the Node: log and commit mark come in as a
// const Log&, messages go out through `out`.
#pragma once

#include <cstdint>
#include <vector>

#include "raft/config.h"
#include "raft/effects.h"
#include "raft/log.h"
#include "raft/progress.h"
#include "raft/read_queue.h"

namespace raft {

class Leader {
 public:
  // `noop` is the index of the first entry of `term`, `now` the tick at which leadership began.
  Leader(const Config& config, Term term, LogIndex noop, std::uint64_t now);

  // Sends each follower all that it lacks and its window allows.
  void replicate(const Log& log, std::vector<Envelope>& out);
  // Sends everybody an AppendEntries without entries: keeps followers quiet, tells them the commit
  // mark, finds out about lost messages, and carries the round that reads wait for.
  void heartbeat(const Log& log, std::vector<Envelope>& out);
  // An answer of this term. It may be late or doubled, but is not from another term.
  void on_reply(NodeId from, const AppendReply& reply, const Log& log, std::uint64_t now,
                std::vector<Envelope>& out);

  // False: the queue is full.
  [[nodiscard]] bool read(ReadId id, const Log& log, std::vector<Envelope>& out);
  // Answers reads that can be answered; asks for the next round if others came meanwhile.
  void answer_reads(const Log& log, Effects& out);
  std::vector<ReadId> drain_reads() { return reads_.drain(); }

  // What a majority has stored, if this server itself has stored up to `own` (Raft §5.3).
  LogIndex majority_match(LogIndex own) const;
  // Was a majority, this server included, heard in the last election_ticks_max ticks?
  bool hears_majority(std::uint64_t now) const;

  // Requires: `id` is a voter other than this server.
  const Progress& progress(NodeId id) const;

  void check_invariants(const Log& log) const;

 private:
  struct Peer {
    NodeId id;
    Progress progress;
    std::uint64_t round = 0;  // The latest that it answered.
    std::uint64_t heard = 0;  // The tick of its latest answer.
  };

  const Peer& peer(NodeId id) const;
  void fill_window(Peer& peer, const Log& log, std::vector<Envelope>& out);
  void send(const Peer& peer, const Log& log, std::vector<Entry> entries,
            std::vector<Envelope>& out) const;
  std::uint64_t confirmed_round() const;

  Config config_;
  Term term_;
  LogIndex noop_;
  std::vector<Peer> peers_;
  ReadQueue reads_;
  std::uint64_t round_ = 0;  // The latest that was sent.
};

}  // namespace raft
