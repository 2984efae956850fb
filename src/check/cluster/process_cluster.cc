// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/process_cluster.h"

namespace check::cluster {
namespace {

constexpr std::uint32_t kGraceMs = 5000;

}  // namespace

base::Status ProcessCluster::start(NodeId node) {
  Command started = command(node);
  // A proxy configured for this machine must not get between the nodes.
  for (const char* variable : {"NO_PROXY", "no_proxy"}) {
    started.environment.emplace_back(variable, "*");
  }
  return hosts_.start(node, started);
}

base::Status ProcessCluster::stop(NodeId node) { return hosts_.stop(node, kGraceMs); }

base::Status ProcessCluster::kill(NodeId node) { return hosts_.kill(node); }

}  // namespace check::cluster
