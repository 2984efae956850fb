// SPDX-License-Identifier: Apache-2.0
// What one run showed to the search: the states its cluster was in, and who said what to whom.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>

#include "check/rules/roles.h"
#include "check/search/cluster_state.h"
#include "check/wire/observation.h"

namespace check::search {

// Messages that are alike to a rule.
struct Talk {
  wire::MessageType type = wire::MessageType::Other;
  rules::Role from = rules::Role::Unknown;
  rules::Role to = rules::Role::Unknown;
  friend auto operator<=>(const Talk&, const Talk&) = default;
};

struct Trace {
  std::set<StateHash> states;
  std::map<Talk, std::uint64_t> talks;  // How often.
};

class TraceMaker {
 public:
  explicit TraceMaker(std::uint32_t nodes) : state_(nodes) {}

  void observe(const wire::Observation& seen) {
    const wire::Message& message = seen.message;
    state_.observe(seen);
    trace_.states.insert(state_.hash());
    trace_.talks[{message.type, state_.role(seen.from), state_.role(seen.to)}] += 1;
  }
  const Trace& trace() const { return trace_; }

 private:
  ClusterState state_;
  Trace trace_;
};

}  // namespace check::search
