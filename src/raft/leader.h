// SPDX-License-Identifier: Apache-2.0
// What only a leader has: a view of every follower, the reads that wait for proof of leadership,
// the snapshots on their way, and perhaps a successor. Lives exactly as long as one leadership;
// nothing of it survives into another term.
//
// It decides what to send, and leaves log and term to the Node: the log comes in as a const Log&,
// messages go out through Effects. What is due by time is due to each follower by itself, and no
// message that comes in puts it off.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "raft/batches.h"
#include "raft/config.h"
#include "raft/effects.h"
#include "raft/log.h"
#include "raft/membership.h"
#include "raft/progress.h"
#include "raft/read_queue.h"

namespace raft {

class Leader {
 public:
  // A snapshot that followers may get.
  struct Offer {
    EntryId last;
    std::uint64_t total = 0;
  };

  // `noop` is the index of the first entry of `term`, `now` the tick at which leadership began.
  Leader(std::shared_ptr<const Config> config, Term term, LogIndex noop, std::uint64_t now);

  // The configuration in force is `membership`'s from here on. Who left it still gets the log for
  // an election timeout, so that it learns so.
  void reconfigure(const Membership& membership, const Log& log);
  void offer(const std::optional<Offer>& snapshot) { snapshot_ = snapshot; }

  // leader.cc: the log and its followers.
  void set_now(std::uint64_t now) { now_ = now; }
  void on_missed(std::uint64_t ticks) { missed_ += ticks; }
  // So many calls of on_tick() from now on do nothing, if nothing else happens.
  std::uint64_t quiet_ticks() const;
  // Does what is due by now.
  void on_tick(const Log& log, Effects& out);
  // Sends each follower all that it lacks and its window allows.
  void replicate(const Log& log, Effects& out);
  // An answer of this term. It may be late or doubled, but is not from another term.
  void on_reply(NodeId from, const AppendReply& reply, const Log& log, Effects& out);
  // What a majority has stored, if this server itself has stored up to `own` (Raft §5.3).
  LogIndex majority_match(LogIndex own) const;
  // Was a majority heard in the last election_ticks_max ticks?
  bool hears_majority() const;
  // Null if `id` is not a follower.
  const Progress* find_progress(NodeId id) const;
  // Requires: `id` is a member other than this server.
  const Progress& progress(NodeId id) const;
  // Has it lately answered, and lacks at most `lag` entries?
  bool is_close(NodeId id, const Log& log, std::uint64_t lag) const;
  // The voter that has the most of the log, of those that were lately heard.
  std::optional<NodeId> find_successor() const;

  // leader_reads.cc: reads.
  // False: the queue is full. `read.index` is not looked at.
  [[nodiscard]] bool read(WaitingRead read, const Log& log, Effects& out);
  // Answers reads that can be answered; asks for the next round if others came meanwhile.
  void answer_reads(const Log& log, Effects& out);
  // Leadership ends: none will be answered here.
  void refuse_reads(Effects& out);
  // Has a majority promised not to help another leader yet?
  bool has_lease() const;
  // How many rounds it remembers for that.
  std::size_t rounds() const { return rounds_.size(); }

  // leader_snapshot.cc: snapshots on their way, and successors.
  void on_reply(NodeId from, const SnapshotReply& reply, const Log& log, Effects& out);
  // The lowest index at which a snapshot on its way ends; of all, or only of those to followers
  // that were lately heard.
  enum class Whom : std::uint8_t { All, LatelyHeard };
  std::optional<LogIndex> lowest_transfer(Whom whom) const;
  void begin_transfer(NodeId to, const Log& log, Effects& out);
  std::optional<NodeId> successor() const;

  void check_invariants(const Log& log) const;

 private:
  struct Transfer {
    Offer snapshot;
    std::uint64_t offset = 0;  // Of the chunk that is on its way.
    std::uint64_t due = 0;     // When it is sent again.
    std::uint32_t tries = 0;   // How often it was sent.
  };
  struct Peer {
    NodeId id;
    Progress progress;
    std::uint64_t round = 0;                 // The latest that it answered.
    std::uint64_t heard = 0;                 // The tick of its latest answer.
    std::uint64_t due = 0;                   // When it gets the next heartbeat.
    std::optional<Transfer> transfer;        // In Progress::Mode::Snapshot.
    std::optional<std::uint64_t> leaves_at;  // No member any more: forgotten at this tick.
    std::uint64_t believes_loss_at = 0;      // Until this tick, no (further) loss is believed.
  };
  struct Succession {
    NodeId to;
    std::uint64_t deadline = 0;
    std::uint64_t due = 0;  // When it is told (again).
  };
  struct Round {
    std::uint64_t number = 0;
    std::uint64_t began = 0;  // By now_ and missed_.
  };

  Peer* find_peer(NodeId id);
  const Peer* find_peer(NodeId id) const;
  void begin_round();
  void forget_rounds();
  void heartbeat_all(const Log& log, Effects& out);
  void heartbeat(Peer& peer, const Log& log, Effects& out);
  void fill_window(Peer& peer, const Log& log, Effects& out);
  void send(const Peer& peer, EntryId previous, const Log& log, Entries entries,
            Effects& out) const;
  void on_loss(Peer& peer, const AppendReply& reply, const Log& log);
  std::uint64_t confirmed_round() const;
  bool needs_snapshot(const Peer& peer, const Log& log) const;
  void transfer_snapshot(Peer& peer, const Log& log, Effects& out);
  void send_chunk(Peer& peer, Effects& out) const;
  void send_chunk_again(Peer& peer, Effects& out) const;
  void hand_over(const Log& log, Effects& out);
  bool was_lately_heard(const Peer& peer) const;

  std::shared_ptr<const Config> config_;
  Term term_;
  LogIndex noop_;
  std::uint64_t now_ = 0;
  std::uint64_t missed_ = 0;  // Ticks that it was not told of.
  Quorum quorum_;
  std::vector<Peer> peers_;
  Batches batches_;
  ReadQueue reads_;
  std::uint64_t round_ = 0;    // The latest that was sent.
  std::vector<Round> rounds_;  // With leases: from the latest that was confirmed on.
  std::optional<Offer> snapshot_;
  std::optional<Succession> succession_;
  bool made_room_ = false;  // Somebody was told to stand for election: no lease in this term again.
};

}  // namespace raft
