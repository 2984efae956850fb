// SPDX-License-Identifier: Apache-2.0
// What rules do to nodes, the network and the clients, one action after the other, and what of it
// is still in force.
#pragma once

#include <cstdint>
#include <functional>
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
  explicit RuleStrikes(Surroundings surroundings) : around_(std::move(surroundings)) {}

  // In force when this returns. A new action is a word in plan/action_words.cc and a case here.
  // Requires: neither a deed to the message nor a wait.
  base::Result<std::string> carry_out(const rules::Step& step, Unconfirmed& unconfirmed);

  // Clients go on, and nodes may be struck by other faults; they stay as they are.
  void let_go();

 private:
  base::Result<std::string> rest();
  base::Result<std::string> go_on();
  base::Result<std::string> heal();
  base::Result<std::string> strike(const rules::Step& step);
  base::Result<std::string> cut(const rules::Step& step, Unconfirmed& unconfirmed);
  void own(const std::set<history::NodeId>& nodes);

  // Ids of the network's faults; those of lanes and of firings are smaller.
  static constexpr std::uint64_t kFirstCut = 2'000'000'000;

  Surroundings around_;
  std::mutex mutex_;                 // Of what follows.
  bool resting_ = false;             // Clients, by a rule.
  std::set<history::NodeId> owned_;  // Claimed for the rules.
  std::set<std::uint64_t> cuts_;     // Ids of faults of the network.
  std::uint64_t next_cut_ = kFirstCut;
};

}  // namespace check::faults
