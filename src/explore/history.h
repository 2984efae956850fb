// SPDX-License-Identifier: Apache-2.0
// What an exploration remembers of a cluster that its servers may forget, and the judges that need
// more than one server: Raft Figure 3. Pure values; part of the explored state.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "explore/server.h"

namespace explore {

// What one action added.
struct Facts {
  raft::NodeId server;
  raft::Term term;
  bool leads_anew = false;
  std::vector<raft::Entry> applied;

  bool any() const { return leads_anew || !applied.empty(); }
};

struct History {
  struct Agreed {
    raft::Entry entry;
    raft::Term committed_in;  // The lowest term in which a server called it committed.
  };
  std::vector<std::pair<raft::Term, raft::NodeId>> leaders;  // By term.
  std::vector<Agreed> agreed;                                // Indices 1, 2, ...

  // Election Safety and State Machine Safety.
  [[nodiscard]] std::optional<Violation> add(const Facts& facts);
};

// What was committed in a term is in the log of every leader of a later one.
std::optional<Violation> judge_leader(const History& history, const Server& server);
// Two logs that have an entry of the same id are the same up to there.
std::optional<Violation> judge_logs(const Server& one, const Server& other);

}  // namespace explore
