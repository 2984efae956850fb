// SPDX-License-Identifier: Apache-2.0
// A run as a Mermaid sequence chart: clients and servers, messages as they arrive, and what befalls
// a server.
#pragma once

#include <string>
#include <vector>

#include "sim/cluster.h"

namespace sim {

class Diagram {
 public:
  // Watches `cluster`, which outlives the Diagram.
  explicit Diagram(Cluster& cluster);

  std::string text() const;

 private:
  void before(const Action& action);
  void after(const Action& action);
  void arrow(const std::string& from, const std::string& to, const std::string& what);
  void over(raft::NodeId node, const std::string& what);

  const Cluster& cluster_;
  std::vector<std::string> lines_;
  ServerState was_ = ServerState::Down;
};

}  // namespace sim
