// SPDX-License-Identifier: Apache-2.0
// One server without its sockets: Node + journal + snapshots + state machine + waiting clients. The
// only place that orders effects; production and simulation run this same code.
//
//   one turn:  receive(m) receive(m) tick() write(..) write(..) read(..)  ... then finish_turn():
//
//   all writes -> one Propose, all reads -> one Read
//   what may leave now ----------------> Outlet, flush       others work while we do
//   a leader: what is committed -------> state machine, answers, flush
//   journal: ONE write and sync
//   what had to wait for it -----------> Outlet, flush
//   what is committed -----------------> state machine       nobody waits for a follower's
//   a piece of what can wait: a snapshot, room in the journal
//
// Answers leave as soon as they are true. A write is Done when exactly its entry, index and term,
// was applied. Writes wait only while this server leads: with its leadership goes Unknown to each
// that is in the log, and NotDone to all else.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "journal/journal.h"
#include "machine/state_machine.h"
#include "raft/node.h"
#include "replica/changes.h"
#include "replica/outlet.h"
#include "replica/reads.h"
#include "replica/snapshots.h"

namespace replica {

#ifdef SEAWORTHY_BROKEN
// Ways to be wrong on purpose, for checkers to find (docs/raftkv.md).
enum class Broken : std::uint8_t { Nothing, StaleRead, EarlyAck, LostTail, ForgetsVote };
#endif

// When the state is written to the disk, so that the log can be cut.
struct SnapshotPolicy {
  // After entries of so many bytes, or of as many as the last snapshot has, whichever is more: so
  // what is written for snapshots is no more than what is written for the log. 0: never.
  std::uint64_t log_bytes = std::uint64_t{64} * 1024 * 1024;
  // After so many entries, too; 0: only bytes count.
  std::uint64_t log_entries = 0;
  // So many of the entries that a snapshot covers stay, for followers that lack only some.
  std::uint64_t keep_entries = 10'000;
  // But of them no more than weigh this.
  std::uint64_t keep_bytes = std::uint64_t{64} * 1024 * 1024;
  // Written in one turn.
  std::size_t piece_bytes = std::size_t{128} * 1024;
};

struct Config {
  raft::Config raft;
  journal::Config journal;
  SnapshotPolicy snapshots;
  // Requests that are not answered yet; beyond, NotDone (Overloaded).
  std::size_t max_waiting = std::size_t{256} * 1024;
  // The queries of reads among them, together; but one passes, or it never could. (Writes have
  // raft.max_uncommitted_bytes.)
  std::size_t max_query_bytes = std::size_t{64} * 1024 * 1024;
#ifdef SEAWORTHY_BROKEN
  Broken broken = Broken::Nothing;
#endif
};

class Replica {
 public:
  // What it stands on. Requires: all of them outlive the Replica; `machine` is as it was made, and
  // nobody else changes it.
  struct Ground {
    io::Disk& disk;
    machine::StateMachine& machine;
    Outlet& outlet;
  };
  // Recovers what the disk holds. Fails as Journal::open and SnapshotStore::open do. Corrupt: the
  // log lost what was acknowledged, and there is nobody to send it again, or the floor is unknown.
  static base::Result<Replica> open(const Ground& ground, const Config& config);

  // Inputs of the turn, in the order in which they came. They may already call the Outlet.
  // `missed`: as raft::Tick has it.
  void tick(std::uint64_t missed = 0);
  void receive(raft::NodeId from, raft::Message message);
  // `command`: for the state machine. Writes take effect in the order of these calls, if at all.
  // NotDone (Overloaded) if those of this turn would weigh more than raft::Config allows to be
  // uncommitted; one always passes, however heavy.
  // Requires: `id` is higher than that of any request before; as for all requests.
  void write(RequestId id, raft::Payload command);
  // A linearizable read; if `after` names a write that takes effect, it sees that effect, too.
  void read(RequestId id, std::string query, std::optional<RequestId> after);
  // Done when `target` is in force, committed, and nothing of the configuration before is.
  void change_membership(RequestId id, raft::Configuration target);
  // Done when `to` is known to lead; Unknown when this server leads no more, and in two election
  // timeouts (the longest) has not heard of anybody who does.
  void transfer(RequestId id, raft::NodeId to);
  // Done when there is a durable snapshot of all that is applied now.
  void take_snapshot(RequestId id);

  // Does what the inputs ask for. After an error, which the disk had, all that waited has been
  // answered, and nothing may be done with this object any more: the process must stop, and recover
  // from what is on the disk.
  base::Status finish_turn();
  // There is work that can wait, but not for ever: do not sleep before the next turn.
  bool is_busy() const { return snapshots_.is_writing() && !snapshots_.is_waiting(); }
  // A snapshot is being written, or the disk is at work on it.
  bool is_writing_snapshot() const { return snapshots_.is_writing(); }

  const raft::Node& node() const { return node_; }
  const Config& config() const { return config_; }
  raft::LogIndex applied() const { return applied_; }
  std::size_t waiting() const;
  const std::optional<Snapshots::Newest>& snapshot() const { return snapshots_.newest(); }
  // What was found damaged when it was opened, and since, in that order.
  const std::vector<journal::Finding>& findings() const { return findings_; }
  // Of that, what still is: entries that others have to send again, snapshots to be taken anew.
  bool is_damaged() const;
  // Why the last attempt at a snapshot failed, if it did.
  const std::optional<base::Error>& snapshot_failure() const { return snapshot_failure_; }

 private:
  struct Write {
    RequestId request;
    raft::EntryId entry;
  };
  struct Parts {
    Snapshots snapshots;
    journal::Opened opened;
    raft::Recovered recovered;
  };

  Replica(const Ground& ground, const Config& config, Parts parts);

  bool is_alone() const;  // There is no other voter.

  // replica.cc: turns and effects.
  base::Status do_turn();
  base::Status sync();
  void step(const raft::Input& input);
  void propose();
  void accept(const raft::Proposed& proposed);
  void accept_change(RequestId request, const raft::Proposed& proposed);
  bool apply_committed();  // False: there was nothing.
  void apply(std::span<const raft::Entry> entries);
  void on_applied(const raft::Entry& entry, machine::Answer* answer);
  void on_readable(const raft::Readable& readable);
  void on_unreadable(raft::ReadId id);
  void answer_reads();
  void give_up_if_not_leading();

  // replica_snapshots.cc: what is long, in pieces.
  void install(const raft::SnapshotMeta& meta);
  void send_chunks(const std::vector<raft::SendChunk>& wanted);
  void stage(const raft::SnapshotChunk& chunk);
  bool is_snapshot_due() const;
  std::uint64_t due_bytes() const;
  raft::LogIndex later() const;
  void begin_snapshot();
  void write_snapshot();
  void fail_snapshot(const base::Error& error);
  void fail_snapshot_requests();
  base::Status tend();

  Config config_;
  machine::StateMachine& machine_;
  Outlet& outlet_;
  journal::Journal journal_;
  Snapshots snapshots_;
  std::vector<journal::Finding> findings_;
  raft::Node node_;
  raft::LogIndex applied_;
  std::vector<raft::Entry> committed_;    // Behind `applied_`, without a gap: to be applied.
  std::vector<machine::Answer> answers_;  // Room for those of one apply().

  raft::Effects effects_;  // Empty; its memory is used again.

  // Of this turn.
  std::vector<RequestId> proposers_;
  std::vector<raft::Payload> proposals_;
  std::uint64_t proposed_bytes_ = 0;         // What they weigh.
  std::optional<RequestId> asking_;          // For a change of the configuration, or
  std::optional<raft::NodeId> transfer_to_;  // a transfer: within one step only.
  bool must_sync_ = false;
  bool must_tend_ = true;
  // Not before the term that it came in is durable: no snapshot may be of a later one than the log.
  std::optional<raft::SnapshotChunk> to_stage_;
  std::deque<raft::Held<raft::Envelope>> held_;
  std::optional<base::Error> failure_;  // That could not be returned at once.

  // Of earlier turns, too.
  raft::Term led_term_;       // The term that this server leads or led last.
  std::deque<Write> writes_;  // In the log and not applied, by index and by request.
  Reads reads_;
  Changes changes_;
  bool led_ = false;
  std::uint64_t bytes_since_snapshot_ = 0;  // Of entries applied since the last one was begun.
  raft::LogIndex retry_from_;               // After a snapshot that failed, or was damaged.
  std::vector<RequestId> snapshot_requests_;
  std::optional<base::Error> snapshot_failure_;
};

}  // namespace replica
