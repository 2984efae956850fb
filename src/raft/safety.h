// SPDX-License-Identifier: Apache-2.0
// Raft Figure 3, watched step by step over a whole cluster and all incarnations of its servers.
// Tests only. Each property CHECKs, so a violation ends the run with its seed and step.
#pragma once

#include <map>
#include <string>

#include "raft/describe.h"
#include "raft/node.h"

namespace raft {

class Safety {
 public:
  // `node` made this step; `before` is what it was. A restarted node begins with its own state.
  struct Before {
    Role role = Role::Follower;
    Term term;
    LogIndex commit;
  };
  void on_step(const Before& before, const Node& node, const Effects& effects);
  void on_sent(NodeId from, const Envelope& envelope);

  // The highest index known to be committed anywhere.
  LogIndex committed() const;

 private:
  struct Stored {
    Term previous;
    std::string payload;
  };
  struct Agreed {
    EntryId id;
    Term committed_in;
  };

  void on_leader(const Node& node);

  std::map<Term, NodeId> leaders_;                   // Election Safety.
  std::map<std::pair<NodeId, Term>, NodeId> votes_;  // One vote a term, over crashes too.
  std::map<EntryId, Stored> stored_;                 // Log Matching.
  std::map<LogIndex, Agreed> committed_;             // Leader Completeness, State Machine.
};

}  // namespace raft
