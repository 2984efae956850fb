// SPDX-License-Identifier: Apache-2.0
// Plays a Scenario: the same Cluster and judges as in a timed run, without time. What an action
// needs and is not there (a message whose sender was taken out of the list) does nothing.
#pragma once

#include <map>
#include <string>

#include "sim/cluster.h"
#include "sim/scenario.h"

namespace sim {

class Script {
 public:
  explicit Script(const Scenario& scenario) : scenario_(scenario), cluster_(scenario.setup) {}

  Cluster& cluster() { return cluster_; }
  // All of it, or up to a violation; then judges the clients' history.
  void run();

 private:
  const Scenario& scenario_;
  Cluster cluster_;
  std::map<MessageName, std::uint32_t> slots_;  // Of messages that can be delivered.
};

}  // namespace sim
