// SPDX-License-Identifier: Apache-2.0
// For tests of adapters: hosts that are addresses of the loopback interface, 127.22.x.1 and up, so
// that real servers run on their ordinary ports without a sandbox. x follows from the process id:
// two test programs may run at a time.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

#include "check/cluster/hosts.h"

namespace check::cluster {

class LocalHosts final : public Hosts {
 public:
  explicit LocalHosts(std::uint32_t nodes);
  ~LocalHosts() override;  // Kills what runs and removes the directories.
  LocalHosts(const LocalHosts&) = delete;
  LocalHosts& operator=(const LocalHosts&) = delete;

  std::uint32_t nodes() const override { return nodes_; }
  std::string address(NodeId node) const override;
  std::string name(NodeId node) const override { return "n" + std::to_string(node.value); }
  std::string directory(NodeId node) const override;
  base::Status start(NodeId node, const Command& command) override;
  base::Status stop(NodeId node, std::uint32_t grace_ms) override;
  base::Status kill(NodeId node) override;
  bool running(NodeId node) const override;
  base::Status empty(NodeId node) override;

  // Every process of the node stops; that its first one has stopped is seen.
  void pause(NodeId node) const;
  void resume(NodeId node) const;
  // What the node has written so far, for a failing test to show.
  std::string output(NodeId node) const;

 private:
  std::uint32_t nodes_;
  std::string root_;
  std::map<NodeId, pid_t> processes_;
};

}  // namespace check::cluster
