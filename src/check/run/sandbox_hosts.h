// SPDX-License-Identifier: Apache-2.0
// The hosts an adapter sees, made of the sandbox's: what runs on each, and where its output goes.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "check/clock/clocks.h"
#include "check/cluster/hosts.h"
#include "check/run/node_log.h"
#include "check/run/run_directory.h"
#include "check/sandbox/sandbox.h"
#include "check/trap/supervisor.h"

namespace check::run {

class SandboxHosts : public cluster::Hosts {
 public:
  SandboxHosts(sandbox::Sandbox& sandbox, RunDirectory directory, NodeLog& log)
      : sandbox_(sandbox), directory_(std::move(directory)), log_(log) {}

  std::uint32_t nodes() const override { return sandbox_.nodes(); }
  std::string address(cluster::NodeId node) const override { return sandbox_.address(node); }
  std::string name(cluster::NodeId node) const override;
  std::string directory(cluster::NodeId node) const override;

  base::Status start(cluster::NodeId node, const cluster::Command& command) override;
  base::Status stop(cluster::NodeId node, std::uint32_t grace_ms) override;
  base::Status kill(cluster::NodeId node) override;
  bool running(cluster::NodeId node) const override;
  base::Status empty(cluster::NodeId node) override;

  // Each time a node's program ended although nobody had ended it: "n2 exited with code 1". Those
  // that ended since they were last started, too.
  std::vector<std::string> own_exits() const;

  // The node's end, if it comes before its next start, is a fault's doing.
  void excuse(cluster::NodeId node) { about_to_end(node); }
  // From now on programs start under the supervisor's filter. It outlives this object.
  void trap(trap::Supervisor& supervisor) { supervisor_ = &supervisor; }
  // From now on programs start with these clocks. They outlive this object.
  void set_clocks(clock::Clocks& clocks) { clocks_ = &clocks; }

  // The last lines of what the node's program printed, for messages.
  std::string last_output(cluster::NodeId node) const;

 private:
  std::shared_ptr<sandbox::Process> process(cluster::NodeId node) const;
  base::Status kill_all(cluster::NodeId node);
  // Notes that the node's program is ended by us, or that it had ended before.
  void about_to_end(cluster::NodeId node);

  sandbox::Sandbox& sandbox_;
  RunDirectory directory_;
  NodeLog& log_;
  trap::Supervisor* supervisor_ = nullptr;  // Null: no filter.
  clock::Clocks* clocks_ = nullptr;         // Null: the machine's.
  mutable std::mutex mutex_;
  // Shared: a status poll may look at a process while a fault replaces it.
  std::map<cluster::NodeId, std::shared_ptr<sandbox::Process>> processes_;
  std::set<cluster::NodeId> ended_;  // Whose program was ended by stop() or kill().
  std::vector<std::string> own_exits_;
};

}  // namespace check::run
