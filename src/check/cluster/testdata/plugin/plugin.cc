// SPDX-License-Identifier: Apache-2.0
// An adapter as somebody outside the tree would write it, as far as loading goes.
#include "check/cluster/plugin.h"

#include "check/cluster/process_cluster.h"

namespace {

using namespace check::cluster;  // NOLINT(google-build-using-namespace): the smallest example.

class Plugged final : public ProcessCluster {
 public:
  explicit Plugged(Hosts& hosts) : ProcessCluster(hosts, "plugged in", "1") {}
  bool ready(NodeId /*node*/) override { return false; }
  base::Result<NodeStatus> status(NodeId /*node*/) override { return NodeStatus{}; }
  std::unique_ptr<RaftClient> create_client() override { return nullptr; }

 private:
  Command command(NodeId node) const override { return {{"sleep", hosts().address(node)}, {}}; }
};

}  // namespace

#ifdef OTHER_ABI
#undef SEAWORTHY_TARGET_ABI
#define SEAWORTHY_TARGET_ABI 0
#endif

SEAWORTHY_TARGET(hosts) { return new Plugged(*hosts); }
