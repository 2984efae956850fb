// SPDX-License-Identifier: Apache-2.0
// Who leads, who stands for election and who follows, as the nodes' own messages show it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "check/history/node_id.h"
#include "check/wire/observation.h"

namespace check::rules {

enum class Role : std::uint8_t { Unknown, Follower, Candidate, Leader };

class Roles {
 public:
  // Where a connection carries several Rafts, only the group of the first message counts.
  void observe(const wire::Observation& seen);

  // Its process ends: a system that forgets its terms may begin again with lower ones.
  void forget(history::NodeId node);

  Role role(history::NodeId node) const;
  // Who led in the newest term in which somebody was seen to lead; after it was killed, whoever
  // leads next, in whatever term.
  std::optional<history::NodeId> leader() const { return leader_; }

 private:
  struct State {
    Role role = Role::Unknown;
    wire::Term term;  // In which it had that role.
  };
  std::optional<std::string> group_;
  std::map<history::NodeId, State> nodes_;
  std::optional<history::NodeId> leader_;
  wire::Term leader_term_;
};

}  // namespace check::rules
