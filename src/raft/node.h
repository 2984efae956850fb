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
//   Persisted -------'                   '--> apply, proposed, readable     to the state machine
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/prng.h"
#include "raft/config.h"
#include "raft/effects.h"
#include "raft/input.h"
#include "raft/leader.h"
#include "raft/log.h"
#include "raft/votes.h"

namespace raft {

enum class Role : std::uint8_t { Follower, PreCandidate, Candidate, Leader };

class Node {
 public:
  // Continues from what was durable at the end of the last incarnation; a new server starts from
  // HardState{} and no entries. Entries become committed, and are applied, anew.
  //
  // Requires: Config's own requirements; indices 1, 2, ...; terms that never fall nor pass
  // hard_state.term.
  Node(Config config, HardState hard_state, std::vector<Entry> recovered_log);

  // Requires: inputs come one at a time; receipts are of this incarnation.
  [[nodiscard]] Effects step(const Input& input);

  NodeId id() const { return config_.self; }
  const Config& config() const { return config_; }
  Role role() const;
  Term term() const { return hard_state_.term; }
  std::optional<NodeId> vote() const { return hard_state_.vote; }
  // Who leads `term`, as far as this server knows; possibly itself.
  std::optional<NodeId> leader() const { return leader_; }
  LogIndex commit() const { return log_.commit(); }
  EntryId last() const { return log_.last(); }
  const Log& log() const { return log_; }
  StepNumber last_step() const { return step_; }             // The latest that wrote something.
  StepNumber durable_step() const { return durable_step_; }  // Receipts have come up to here.
  StepNumber hard_state_step() const { return hard_state_step_; }  // That saved term and vote.
  // Who would have this server lead, so far. Null unless it asks.
  const Votes* find_votes() const;
  // Null unless this server leads.
  const Leader* find_leadership() const { return std::get_if<Leader>(&role_); }

  // CHECKs what must be true of any state between two steps. O(log).
  void check_invariants() const;

 private:
  struct Follower {};
  struct PreCandidate {
    Votes votes;
  };
  struct Candidate {
    Votes votes;
  };

  // node.cc: inputs, terms, what must be durable before what.
  void on(const Tick& tick, Effects& out);
  void on_leader_tick(Leader& leadership, Effects& out);
  void on(const Receive& receive, Effects& out);
  void on(const Propose& propose, Effects& out);
  void on(const Read& read, Effects& out);
  void on(const Persisted& persisted, Effects& out);
  void become_follower(Term term, Effects& out);
  void reset_election_timer();
  StepNumber open_record(Effects& out);
  void save(HardState hard_state, Effects& out);
  void append(const Entry& entry, Effects& out);
  void promise(StepNumber needs, const Envelope& envelope, Effects& out) const;
  bool is_peer(NodeId id) const;
  std::uint64_t elapsed() const { return now_ - timer_started_; }

  // node_election.cc: who leads.
  void become_pre_candidate(Effects& out);
  void become_candidate(Effects& out);
  void become_leader(Effects& out);
  void become_leader_if_elected(Effects& out);
  void ask_for_votes(Effects& out) const;
  bool hears_leader_other_than(NodeId asking) const;
  bool may_vote_for(NodeId candidate) const;
  bool is_up_to_date(EntryId last) const;
  void on(NodeId from, const PreVote& request, Effects& out);
  void on(NodeId from, const PreVoteReply& reply, Effects& out);
  void on(NodeId from, const RequestVote& request, Effects& out);
  void on(NodeId from, const VoteReply& reply, Effects& out);

  // node_replication.cc: what the log holds and how far it is committed.
  void on(NodeId from, const AppendEntries& request, Effects& out);
  void on(NodeId from, const AppendReply& reply, Effects& out);
  void store(const std::vector<Entry>& entries, Effects& out);
  void advance(Leader& leadership, Effects& out);

  Config config_;
  base::Prng prng_;
  HardState hard_state_;
  Log log_;
  std::variant<Follower, PreCandidate, Candidate, Leader> role_;
  std::optional<NodeId> leader_;

  std::uint64_t now_ = 0;               // Ticks since the start.
  std::uint64_t timer_started_ = 0;     // Election timer; for a leader, the heartbeat timer.
  std::uint64_t election_timeout_ = 0;  // Drawn anew with every reset.

  StepNumber step_;
  StepNumber durable_step_;
  StepNumber hard_state_step_;  // The step that saved hard_state_.
};

}  // namespace raft
