// SPDX-License-Identifier: Apache-2.0
// What the steps of a plan, and the actions of its rules, that strike disks, syncs, clocks and
// members need: disks that fail, a supervisor of system calls, clocks that can be set wrong. Only
// made if one asks for it, and if the machine lets it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/clock/clocks.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/faults/clock_faults.h"
#include "check/faults/disk_faults.h"
#include "check/faults/member_faults.h"
#include "check/faults/network_faults.h"
#include "check/faults/sync_faults.h"
#include "check/plan/plan.h"
#include "check/run/node_log.h"
#include "check/run/probed_steps.h"
#include "check/run/sandbox_hosts.h"
#include "check/sandbox/sandbox.h"
#include "check/trap/supervisor.h"

namespace check::run {

// To be destroyed after the hosts, and before the sandbox.
class Strikes {
 public:
  struct World {
    sandbox::Sandbox& sandbox;
    SandboxHosts& hosts;
    cluster::RaftClusterConfig& config;
    faults::NetworkFaults& network;
    NodeLog& log;  // Is told of nodes that lose their power.
    const faults::Stop& stop;
  };

  // Requires: no node runs yet.
  static base::Result<std::unique_ptr<Strikes>> prepare(const plan::Plan& plan, const World& world);

  // Null: nothing needs it, or it is impossible here.
  faults::DiskFaults* disks() const { return disks_.get(); }
  faults::SyncFaults* syncs() const { return syncs_.get(); }
  faults::ClockFaults* clocks() const { return clock_faults_.get(); }
  faults::MemberFaults* members() const { return members_.get(); }  // Null: the target has none.

  // Whether the clocks that were given to programs are theirs, now that they run: not of one that
  // has become another (execve(2)) since it was started. Requires: all nodes run.
  void look_at_clocks();

  // What the plan's rules do that is impossible here: "faults of disks: REASON"; empty: nothing.
  std::string impossible_actions(const plan::Plan& plan) const;

  // Takes away the steps that are impossible here: "3 faults of disks: REASON"; empty: none.
  std::string leave_out_impossible(plan::Plan& plan) const;

 private:
  struct Impossible {
    std::string what;
    OfKind of_kind;
    std::string reason;
  };

  base::Status prepare_disks(const World& world);
  void prepare_syncs(const World& world);
  base::Status prepare_clocks(const World& world);
  void prepare_members(const World& world);

  std::vector<Impossible> impossible_;
  std::unique_ptr<faults::DiskFaults> disks_;
  std::unique_ptr<trap::Supervisor> supervisor_;
  std::unique_ptr<faults::SyncFaults> syncs_;
  std::uint32_t nodes_ = 0;
  std::unique_ptr<clock::Clocks> clocks_;
  std::unique_ptr<faults::ClockFaults> clock_faults_;
  std::unique_ptr<faults::MemberFaults> members_;
};

}  // namespace check::run
