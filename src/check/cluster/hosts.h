// SPDX-License-Identifier: Apache-2.0
// What the checker gives an adapter: N hosts, and the means to run programs on them.
//
// Each node is a host of its own with an address, a process space and a data directory on the real
// disk. Clients, and every call of RaftClient, RaftClusterConfig::ready and ::status, run in a
// thread on the clients' host: plain sockets to address(node) reach the node.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "check/history/node_id.h"

namespace check::cluster {

using history::NodeId;

struct Command {
  std::vector<std::string> words;  // words[0]: a path, or found in PATH.
  std::vector<std::pair<std::string, std::string>> environment;  // Added to the checker's own.
};

class Hosts {
 public:
  virtual ~Hosts() = default;

  virtual std::uint32_t nodes() const = 0;
  virtual std::string address(NodeId node) const = 0;    // "10.77.0.3"
  virtual std::string name(NodeId node) const = 0;       // "n3", known to every host's /etc/hosts.
  virtual std::string directory(NodeId node) const = 0;  // Absolute, exists, survives restarts.

  // Starts the node's main process; its output is appended to nodes/N/output.log of the run.
  // Requires: the node does not run.
  virtual base::Status start(NodeId node, const Command& command) = 0;
  // SIGTERM, and SIGKILL for what is left after `grace_ms`.
  virtual base::Status stop(NodeId node, std::uint32_t grace_ms) = 0;
  // SIGKILL to every process of the host, also those that left their parent.
  virtual base::Status kill(NodeId node) = 0;
  virtual bool running(NodeId node) const = 0;
  // Takes away all that the node has on disk. Requires: it does not run.
  virtual base::Status empty(NodeId node) = 0;
};

}  // namespace check::cluster
