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
};
Before before(const replica::Replica& replica);

class Judges {
 public:
  explicit Judges(std::uint32_t nodes);

  // `replica` is about to take an input, in which no entry below `touched` can change; then it has.
  void begin(const replica::Replica& replica, raft::LogIndex touched);
  void on_input(const Before& was, const replica::Replica& replica);
  // A tick comes to `node`; an answer of `term` comes to it.
  void on_tick(raft::NodeId node) { server(node).ticks += 1; }
  void on_heard(const raft::Node& node, raft::NodeId from, raft::Term term);
  // After a tick: a leader that hears no majority does not lead on (thesis §6.2).
  void judge_quorum(const raft::Node& node);
  // It let this out.
  void on_sent(const raft::Envelope& envelope, const replica::Replica& replica);
  // It gave this to its state machine.
  void on_applied(const replica::Replica& replica, const raft::Entry& entry);
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
  struct Server {
    std::vector<raft::EntryId> log;  // As it was after the last input; [0] is before the first.
    std::uint64_t promised = 0;      // It told others that it has these for good.
    raft::Term promised_term;        // It told others that it is in this term.
    std::vector<Vote> votes;         // By term.
    raft::LogIndex applied;          // In this life.
    std::uint64_t committed = 0;     // In this life, and judged.
    std::uint64_t ticks = 0;
    std::vector<std::uint64_t> heard;  // Of a leader, by peer: the tick of the latest answer.
    std::uint32_t life = 0;
    bool gone = false;
  };

  Server& server(raft::NodeId id) { return servers_[id.value - 1]; }
  const Server& server(raft::NodeId id) const { return servers_[id.value - 1]; }

  void judge_steps(const Before& was, const raft::Node& node);
  void follow_log(const raft::Node& node, raft::LogIndex touched);
  void know(const raft::Node& node, std::uint64_t index);
  bool is_known(const raft::Entry& entry) const;
  void judge_leader(const raft::Node& node);
  void judge_commit(const raft::Node& node);
  void judge_leaders_commit(const raft::Node& node);
  void record_vote(raft::NodeId voter, raft::Term term, raft::NodeId candidate);
  void record_leader(raft::NodeId leader, raft::Term term);
  void promise_term(raft::NodeId node, raft::Term term);

  std::vector<Server> servers_;
  std::vector<raft::NodeId> leaders_;     // By term; 0: none.
  std::vector<std::vector<Fact>> facts_;  // By index; of each, one a term.
  std::vector<Committed> committed_;      // By index; [0] is before the first.
  std::vector<raft::Entry> applied_;      // By index - 1.
  raft::LogIndex touched_;                // By the present input.
  std::optional<Violation> violation_;
};

}  // namespace sim
