// SPDX-License-Identifier: Apache-2.0
// One server of an explored cluster: the core that ships, and a model of its disk. A value: a
// successor is made from a copy.
//
//   input --> raft::Node --> effects --> waits for the disk --> on disk       crash() loses what
//                               '--> messages that may leave                  waits
//
// Time is not part of it. Every action ticks as long as it needs to: whether a timer runs out
// before or after anything else is the explorer's choice, not the timer's. raft::Config is made so
// that what is left in the timers changes no answer (make_config).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "explore/bounds.h"
#include "raft/node.h"

namespace explore {

// A rule that was broken, in the words of `seaworthy`'s verdicts, and how.
struct Violation {
  std::string rule;
  std::string sentence;
};

struct Flight {
  raft::NodeId from;
  raft::NodeId to;
  raft::Message message;
};

raft::Term term_of(const Flight& flight);

// Takes messages of the lowest terms away, as Bounds::flights demands. False: that is not enough.
bool lose_lowest(const Bounds& bounds, std::vector<Flight>& flights);

// What one action did besides changing the server.
struct Outcome {
  std::vector<Flight> asked;  // time_out: the pre-votes, which are answered in the same action.
  std::vector<Flight> sent;
  std::vector<raft::Entry> applied;
  bool leads_anew = false;
  bool appended = false;
  std::optional<Violation> violation;  // Of a rule that one server can break alone.
};

class Server {
 public:
  // Written by one step, not yet on disk.
  struct Record {
    raft::StepNumber step;
    std::optional<raft::HardState> save;
    std::optional<raft::LogIndex> truncate_from;
    std::vector<raft::Entry> append;
  };
  // A message that waits for the disk.
  struct Waiting {
    raft::Held<raft::Envelope> held;
    raft::EntryId vouched;  // The entry that an acknowledgement, if it is one, says is on disk.
  };
  struct Ballot {
    raft::Term term;
    raft::NodeId candidate;
  };

  static raft::Config make_config(std::uint32_t nodes, raft::NodeId self);
  Server(const raft::Config& config, Disks disks);

  // The actions. A server that cannot do what is asked stays as it is.
  void time_out(Outcome& out);  // And has its pre-votes granted.
  void heartbeat(Outcome& out);
  void receive(const Flight& flight, Outcome& out);
  void propose(const raft::Payload& command, Outcome& out);
  void sync(Outcome& out);       // All that waits is on disk.
  void crash(std::size_t kept);  // And restart. The first `kept` records that waited are on disk.

  // Would it say yes to this PreVote, if it had not heard of its leader for long enough?
  bool grants(const Flight& pre_vote) const;

  const raft::Node& node() const { return node_; }
  const raft::HardState& hard_state() const { return hard_state_; }
  const std::vector<raft::Entry>& log() const { return log_; }
  const std::vector<Record>& unsynced() const { return unsynced_; }
  const std::vector<Waiting>& waiting() const { return waiting_; }
  // The vote of the highest term that others may have seen. No crash takes it back.
  const std::optional<Ballot>& ballot() const { return ballot_; }

  // What waits for the disk is part of the state, so the model may look at it.
  static const raft::Envelope& open(const Waiting& waiting);

 private:
  void step(const raft::Input& input, raft::EntryId vouched, Outcome& out);
  void act(const raft::Input& input, raft::EntryId vouched, Outcome& out);
  void write(const Record& record);
  void send(const raft::Envelope& envelope, raft::EntryId vouched, Outcome& out);
  std::optional<Violation> judge_ballot(const Ballot& ballot) const;
  std::optional<Violation> judge_acknowledgement(raft::Term term, raft::EntryId vouched) const;

  raft::Node node_;
  Disks disks_;
  raft::HardState hard_state_;  // On disk, like the log.
  std::vector<raft::Entry> log_;
  std::vector<Record> unsynced_;  // Oldest first.
  std::vector<Waiting> waiting_;
  std::optional<Ballot> ballot_;
};

}  // namespace explore
