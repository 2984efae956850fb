// SPDX-License-Identifier: Apache-2.0
// What rules do to nodes, the network and the clients, one action after the other, and what of it
// is still in force.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "check/faults/injector.h"
#include "check/rules/engine.h"

namespace check::faults {

// Of one firing: strikes whose effect takes longer to observe than a message can wait. Each, when
// called, waits for the effect and returns what was observed; empty: nothing worth saying.
using Unconfirmed = std::vector<std::function<base::Result<std::string>()>>;

// Firings may call from threads of their own.
class RuleStrikes {
 public:
  RuleStrikes(Surroundings surroundings, std::uint64_t election_timeout_ms)
      : around_(std::move(surroundings)), election_timeout_ms_(election_timeout_ms) {}

  // In force when this returns. A new action is a word in plan/action_words.cc and a case here.
  // Requires: neither a deed to the message nor a wait.
  base::Result<std::string> carry_out(const rules::Step& step, Unconfirmed& unconfirmed);

  // While one firing has its turn with nodes no other strikes them: between its kill and its start
  // nobody else's comes. Waits until none of them is taken. Requires: the caller has no turn.
  void take_turn(const std::set<history::NodeId>& nodes);
  void end_turn(const std::set<history::NodeId>& nodes);

  // Clients go on, and no more rest for a rule.
  void let_clients_go();
  // The same, and nodes may be struck by other faults; they stay as they are.
  void let_go();

 private:
  base::Result<std::string> rest();
  base::Result<std::string> go_on();
  base::Result<std::string> heal();
  base::Result<std::string> strike(const rules::Step& step, Unconfirmed& unconfirmed);
  base::Result<std::string> strike_disks(const rules::Step& step, Unconfirmed& unconfirmed);
  base::Result<std::string> strike_syncs(const rules::Step& step, Unconfirmed& unconfirmed);
  base::Result<std::string> strike_clocks(const rules::Step& step);
  base::Result<std::string> start(const std::set<history::NodeId>& nodes);
  base::Result<std::string> change_members(const rules::Step& step);
  base::Result<std::string> cut(const rules::Step& step, Unconfirmed& unconfirmed);
  base::Error not_possible() const;
  void own(const std::set<history::NodeId>& nodes);

  // Ids of the network's faults; those of lanes and of firings are smaller.
  static constexpr std::uint64_t kFirstCut = 2'000'000'000;

  Surroundings around_;
  const std::uint64_t election_timeout_ms_;
  std::mutex mutex_;                 // Of what follows.
  bool resting_ = false;             // Clients, by a rule; or one waits for that.
  bool let_go_ = false;              // No more rest.
  std::set<history::NodeId> owned_;  // Claimed for the rules.
  std::set<history::NodeId> taken_;  // Some firing has its turn.
  std::condition_variable turn_ended_;
  // By what they are struck: power cuts and sync faults until a start, troubles until a heal.
  std::map<history::NodeId, plan::FaultKind> down_;
  std::map<history::NodeId, plan::FaultKind> troubled_;
  std::set<history::NodeId> wrong_clocks_;  // Until a heal.
  std::set<std::uint64_t> cuts_;            // Ids of faults of the network.
  std::uint64_t next_cut_ = kFirstCut;
};

}  // namespace check::faults
