// SPDX-License-Identifier: Apache-2.0
// One Raft server as a function: (state, input) -> (state, effects).
//
// A Node does nothing to the world and reads nothing from it. Time is a Tick, randomness a seed,
// the disk a Persisted. So a Config, what was recovered, and the list of inputs are a whole
// execution: production may record it, tests replay it, a simulator invents it.
//
//        Input                                Effects
//   Tick, Receive ---+                   +--> save, truncate_from, append   to disk, then Persisted
//   Propose, Read ---+--> Node::step() --+--> send_now, send_durable        to other servers
//   Persisted, ... --'                   '--> apply, proposed, readable     to the state machine
//
// docs/raft.md tells what an owner does with each.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/prng.h"
#include "raft/box.h"
#include "raft/config.h"
#include "raft/effects.h"
#include "raft/input.h"
#include "raft/leader.h"
#include "raft/log.h"
#include "raft/membership.h"
#include "raft/state.h"
#include "raft/votes.h"

namespace raft {

enum class Role : std::uint8_t { Follower, PreCandidate, Candidate, Leader };

class Node {
 public:
  // Continues from what was durable at the end of the last life. Entries behind the snapshot become
  // committed, and are applied, anew.
  //
  // Requires: Config's own requirements; entries follow the base; terms that never fall nor pass
  // hard_state.term; the snapshot's last entry is the base or one of the entries; without a
  // snapshot the base is 0.
  Node(Config config, Recovered recovered);

  // Requires: inputs come one at a time; receipts are of this incarnation.
  [[nodiscard]] Effects step(const Input& input);
  // The same, into an Effects whose memory is used again.
  void step(const Input& input, Effects& out);

  NodeId id() const { return config_->self; }
  const Config& config() const { return *config_; }
  Role role() const;
  Term term() const { return hard_state_.term; }
  std::optional<NodeId> vote() const { return hard_state_.vote; }
  // Who leads `term`, as far as this server knows; possibly itself.
  std::optional<NodeId> leader() const { return leader_; }
  LogIndex commit() const { return log_.commit(); }
  EntryId last() const { return log_.last(); }
  const Log& log() const { return log_; }
  // In force now, committed or not.
  const Configuration& configuration() const { return membership_.current(); }
  LogIndex configuration_index() const { return membership_.index(); }
  const Quorum& quorum() const { return membership_.quorum(); }
  // In force at `index`: what a snapshot of all up to there must say. Requires: not before the
  // log's base.
  const Configuration& configuration_at(LogIndex index) const { return membership_.at(index); }
  // The newest. Null if there is none.
  const SnapshotMeta* snapshot() const { return snapshot_.get(); }
  // Recovered::floor until the log is as up-to-date again; then zero.
  EntryId floor() const { return floor_; }
  bool storage_failed() const { return storage_failed_; }
  // Whom this leader is giving its leadership to.
  std::optional<NodeId> successor() const;
  // A snapshot on its way to a follower, or being offered: those that end before it are not needed.
  std::optional<LogIndex> oldest_snapshot_in_use() const;
  // So many Ticks from now on do nothing but let time pass, if nothing else comes. At least.
  std::uint64_t quiet_ticks() const;
  StepNumber last_step() const { return step_; }             // The latest that wrote something.
  StepNumber durable_step() const { return durable_step_; }  // Receipts have come up to here.
  StepNumber hard_state_step() const { return hard_state_step_; }  // That saved term and vote.
  // Who would have this server lead, so far. Null unless it asks.
  const Votes* find_votes() const;
  // Null unless this server leads.
  const Leader* find_leadership() const {
    const auto* leadership = std::get_if<Box<Leader>>(&role_);
    return leadership == nullptr ? nullptr : &**leadership;
  }

  // CHECKs what must be true of any state between two steps. O(log).
  void check_invariants() const;

 private:
  struct Follower {};
  struct PreCandidate {
    Votes votes;
  };
  struct Candidate {
    Votes votes;
    bool transfer = false;  // The leader before wanted it.
  };

  // node.cc: inputs, terms, what must be durable before what.
  void on(const Tick& tick, Effects& out);
  void on_leader_tick(Leader& leadership, Effects& out);
  void on(const Receive& receive, Effects& out);
  void on(const Propose& propose, Effects& out);
  void on(const Persisted& persisted, Effects& out);
  void on(const StorageFailed& failed, Effects& out);
  void refuse(const Input& input, Effects& out) const;
  void become_follower(Term term, Effects& out);
  void reset_election_timer();
  StepNumber open_record(Effects& out);
  void save(HardState hard_state, Effects& out);
  void append(Entry entry, Effects& out);
  void promise(StepNumber needs, const Envelope& envelope, Effects& out) const;
  void follow(NodeId leader, Effects& out);
  void look_at_floor();
  std::uint64_t elapsed() const { return now_ - timer_started_; }

  // node_election.cc: who leads.
  void become_pre_candidate(Effects& out);
  void become_candidate(bool transfer, Effects& out);
  void become_leader(Effects& out);
  void become_leader_if_elected(Effects& out);
  void ask_for_votes(Effects& out);
  Votes* find_own_votes();  // As find_votes().
  Leader* find_own_leadership();
  bool may_campaign() const;
  bool is_shortened() const;
  bool may_help(NodeId candidate) const;
  bool may_vote_for(NodeId candidate) const;
  bool is_up_to_date(EntryId last) const;
  void on(NodeId from, const PreVote& request, Effects& out);
  void on(NodeId from, const PreVoteReply& reply, Effects& out);
  void on(NodeId from, const RequestVote& request, Effects& out);
  void on(NodeId from, const VoteReply& reply, Effects& out);

  // node_transfer.cc: leadership given away.
  void on(const TransferLeadership& transfer, Effects& out);
  void on(NodeId from, const TimeoutNow& request, Effects& out);

  // node_replication.cc: what the log holds and how far it is committed.
  void on(NodeId from, const AppendEntries& request, Effects& out);
  void on(NodeId from, const AppendReply& reply, Effects& out);
  void store(const Entries& entries, Effects& out);
  void truncate_from(LogIndex index, Effects& out);
  void advance(Leader& leadership, Effects& out);

  // node_membership.cc: who belongs to the cluster.
  void on(const ChangeMembership& change, Effects& out);
  std::optional<Refused::Reason> why_not(const ChangeMembership& change, const Leader& lead) const;
  void append_configuration(Leader& leadership, const Configuration& next, Effects& out);
  void on_committed(Leader& leadership, Effects& out);

  // node_snapshot.cc: snapshots taken, and those that a leader sends.
  void on(const SnapshotTaken& taken, Effects& out);
  void on(const Staged& staged, Effects& out);
  void on(NodeId from, const SnapshotChunk& chunk, Effects& out);
  void on(NodeId from, const SnapshotReply& reply, Effects& out);
  void install(const SnapshotMeta& snapshot, std::uint64_t total, Effects& out);
  void reply_to_chunk(EntryId last, std::uint64_t offset, std::uint64_t next, Effects& out) const;
  void reply_installed(NodeId leader, EntryId last, Effects& out) const;

  // node_reads.cc: reads, also those of followers.
  void on(const Read& read, Effects& out);
  void on(NodeId from, const ReadIndexRequest& request, Effects& out);
  void on(NodeId from, const ReadIndexReply& reply, Effects& out);
  void ask_for_index(Effects& out);
  void ask_leader(Effects& out) const;
  void on_asked_reads_tick(Effects& out);
  void give_up_asked_reads(Effects& out);
  void answer_asked_reads(Effects& out);

  std::shared_ptr<const Config> config_;  // Shared by copies of the server (explore).
  base::Prng prng_;
  HardState hard_state_;
  Log log_;
  Membership membership_;
  std::shared_ptr<const SnapshotMeta> snapshot_;  // Shared by copies of the server.
  std::uint64_t snapshot_total_ = 0;
  EntryId floor_;
  bool storage_failed_ = false;
  std::variant<Follower, PreCandidate, Candidate, Box<Leader>> role_;
  std::optional<NodeId> leader_;

  // With leases: who was last heard to lead, and when; never forgotten.
  std::optional<std::pair<NodeId, std::uint64_t>> contact_;

  // A snapshot that is being staged.
  struct Staging {
    EntryId last;
    std::uint64_t total = 0;
    std::uint64_t next_offset = 0;
    std::optional<std::uint64_t> busy;  // With the chunk at this offset.
  };
  std::optional<Staging> staging_;

  // Reads of a follower: not yet asked about, asked about, and answered but not yet committed here.
  struct AskedReads {
    std::vector<ReadId> waiting;
    std::vector<ReadId> asked;
    std::vector<Readable> granted;
    std::uint64_t context = 0;  // Of the latest question.
    std::uint64_t asked_at = 0;
  };
  AskedReads asked_reads_;

  std::uint64_t now_ = 0;               // Ticks since the start.
  std::uint64_t timer_started_ = 0;     // Election timer.
  std::uint64_t election_timeout_ = 0;  // Drawn anew with every reset.

  StepNumber step_;
  StepNumber durable_step_;
  StepNumber hard_state_step_;  // The step that saved hard_state_.
};

}  // namespace raft
