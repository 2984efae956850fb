// SPDX-License-Identifier: Apache-2.0
// Which monitor a run has.
//
//   full     relays, and understands the nodes' messages
//   packet   relays
//   observe  does not relay: looks on, and understands the nodes' messages
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/plan/plan.h"
#include "check/wire/protocol.h"

namespace check::run {

struct MonitorChoice {
  std::string name;
  std::optional<wire::Protocol> protocol;  // What is to be understood.
  std::string reason;                      // For the user.
};

// Whether there is such a monitor; "" leaves the choice to choose_monitor().
base::Status check_monitor_name(const std::string& name);

// Whether the plan can be carried out with it: an error names the step that cannot.
base::Status check_plan(const MonitorChoice& choice, const plan::Plan& plan);

// An error: what was asked for cannot be had with this target. Requires: check_monitor_name().
base::Result<MonitorChoice> choose_monitor(const std::string& asked,
                                           const cluster::RaftClusterConfig& target);

}  // namespace check::run
