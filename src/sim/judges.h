// SPDX-License-Identifier: Apache-2.0
// Raft's promises, watched after every input over all servers and all their lives (Raft Figure 3,
// and what follows from Figure 2's "persistent state").
//
//   what left a server, what it is, what it applied ---> tables of votes, entries, commits ---> a
//   Violation, the first one; nothing is judged after it
//
// They share no code with what they judge: from a server they take only its state, its log, and
// what went through its ports. docs/simulator.md says what each one sees.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "raft/node.h"
#include "replica/replica.h"
#include "sim/violation.h"

namespace sim {

// What a server was before an input.
struct Before {
  raft::Role role = raft::Role::Follower;
  raft::Term term;
  std::optional<raft::NodeId> vote;
  raft::LogIndex commit;
  raft::LogIndex applied;
  raft::LogIndex persisted;
  raft::EntryId last;
  std::optional<raft::NodeId> leader;
  std::optional<raft::NodeId> successor;
  raft::LogIndex configured;  // Where its configuration begins.
  bool joint = false;
  bool voter = false;
  bool member = false;
};
Before before(const replica::Replica& replica);

class Judges {
 public:
  // The first `voters` servers are the first configuration.
  Judges(std::uint32_t servers, std::uint32_t voters);

  // `replica` is about to take an input, in which no entry below `touched` can change; then it has.
  void begin(const replica::Replica& replica, raft::LogIndex touched);
  void on_input(const Before& was, const replica::Replica& replica);
  // A tick comes to `node`; an answer of `term` comes to it.
  void on_tick(raft::NodeId node) { server(node).ticks += 1; }
  void on_heard(const raft::Node& node, raft::NodeId from, raft::Term term);
  // After a tick: a leader that hears no majority does not lead on (thesis §6.2), nor does it wait
  // for a successor for ever.
  void judge_time(const raft::Node& node);
  // After a message from `from`: who hears a leader is not moved by others (thesis §4.2.3).
  void on_received(const Before& was, const raft::Node& node, raft::NodeId from,
                   const raft::Message& message);
  // It let this out.
  void on_sent(const raft::Envelope& envelope, const replica::Replica& replica);
  // It gave this to its state machine.
  void on_applied(const replica::Replica& replica, const raft::Entry& entry);
  // Its state machine is now the snapshot that ends with `last`.
  void on_installed(const replica::Replica& replica, raft::EntryId last);
  // It says that the configuration is `target`, for good; that `to` leads instead of it.
  void on_changed(const raft::Node& node, const raft::Configuration& target);
  void on_transfer_answered(raft::NodeId node);
  void on_transferred(const raft::Node& node, raft::NodeId to);
  // It has recovered.
  void on_started(const replica::Replica& replica);
  // Its memory is gone.
  void on_stopped(raft::NodeId node);
  // Its storage is damaged: it will not come back.
  void on_gone(raft::NodeId node);

  void say(std::string judge, raft::NodeId node, std::string sentence);
  const std::optional<Violation>& violation() const { return violation_; }

  // The highest index that any server has committed.
  std::uint64_t committed() const { return committed_.size() - 1; }
  // The life of `node` in which it voted in `term`; 0: it has not.
  std::uint32_t vote_life(raft::NodeId node, raft::Term term) const;
  // Which life of `node` this is.
  std::uint32_t life(raft::NodeId node) const { return server(node).life; }
  // What was applied at 1, 2, ... by anybody.
  const std::vector<raft::Entry>& applied() const { return applied_; }
  // What the log of `node` says about who belongs to the cluster.
  const raft::Configuration& configuration(raft::NodeId node) const {
    return server(node).configurations.back().second;
  }

 private:
  struct Vote {
    raft::NodeId candidate;  // 0: none.
    std::uint32_t life = 0;
  };
  // An entry that some log has or had.
  struct Fact {
    raft::Term term;
    raft::Term previous;
    raft::EntryKind kind = raft::EntryKind::Noop;
    raft::Payload payload;
  };
  struct Committed {
    raft::EntryId id;
    raft::Term in;  // The lowest term in which a leader committed it.
  };
  // By index; where it begins.
  using Configurations = std::vector<std::pair<std::uint64_t, raft::Configuration>>;
  struct Server {
    Configurations configurations;   // Of the log: the first before it, then one an entry.
    std::uint64_t base = 0;          // As far as a snapshot stands for the log.
    std::vector<raft::EntryId> log;  // As it was after the last input; [0] is before the first.
    std::uint64_t promised = 0;      // It told others that it has these for good.
    raft::EntryId floor;             // It knows that it lost what it told others up to here.
    raft::Term promised_term;        // It told others that it is in this term.
    std::vector<Vote> votes;         // By term.
    raft::LogIndex applied;          // In this life.
    std::uint64_t committed = 0;     // In this life, and judged.
    std::uint64_t ticks = 0;
    std::vector<std::uint64_t> heard;       // Of a leader, by peer: the tick of the latest answer.
    std::optional<std::uint64_t> followed;  // The tick at which it heard a leader last.
    raft::LogIndex told;                    // Where its configuration began when it was judged,
    std::uint64_t meant = UINT64_MAX;       // where by its log,
    raft::Configuration known;              // and which that was.
    std::uint64_t succession = 0;           // For how many ticks a leader has had a successor.
    std::uint32_t life = 0;
    bool gone = false;
  };

  Server& server(raft::NodeId id) { return servers_[id.value - 1]; }
  const Server& server(raft::NodeId id) const { return servers_[id.value - 1]; }

  void judge_steps(const Before& was, const raft::Node& node);
  void follow_log(const raft::Node& node, raft::LogIndex touched);
  void follow_base(const raft::Node& node);
  static void cut(Server& mine, std::uint64_t last);
  void know(const raft::Node& node, std::uint64_t index);
  const Fact* find_fact(raft::EntryId id) const;
  bool is_known(const raft::Entry& entry) const;

  // judges_members.cc
  Configurations first_configuration(raft::NodeId node) const;
  void enter(Server& mine, const raft::Node* node, raft::EntryId id);
  void judge_change(const raft::Node& node, const raft::Configuration& next);
  void follow_configuration(const raft::Node& node);
  void judge_membership(const raft::Node& node);
  void judge_votes(const raft::Node& node);
  void judge_quorum(const raft::Node& node);

  void judge_leader(const raft::Node& node);
  void judge_commit(const raft::Node& node);
  void judge_leaders_commit(const raft::Node& node);
  bool judge_half(const raft::Node& node, const std::vector<raft::Member>& half);
  void on_promised_entries(const raft::AppendReply& reply, const replica::Replica& replica);
  void on_promised_snapshot(const raft::SnapshotReply& reply, const replica::Replica& replica);
  void judge_call(raft::NodeId to, const raft::TimeoutNow& call, const raft::Node& node);
  void record_vote(raft::NodeId voter, raft::Term term, raft::NodeId candidate);
  void record_leader(raft::NodeId leader, raft::Term term);
  void promise_term(raft::NodeId node, raft::Term term);

  std::uint32_t voters_;
  std::vector<Server> servers_;
  std::vector<raft::NodeId> leaders_;     // By term; 0: none.
  std::vector<std::vector<Fact>> facts_;  // By index; of each, one a term.
  std::vector<Committed> committed_;      // By index; [0] is before the first.
  std::vector<raft::Entry> applied_;      // By index - 1.
  raft::LogIndex touched_;                // By the present input.
  std::uint64_t configured_ = 0;          // Where the configuration began before it.
  std::optional<Violation> violation_;
};

}  // namespace sim
