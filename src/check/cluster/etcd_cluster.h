// SPDX-License-Identifier: Apache-2.0
// etcd, as Debian's etcd-server or any other 3.4 to 3.6 binary: unmodified, ordinary flags, and its
// defaults unless something is set. One default is another here: --strict-reconfig-check is false,
// so that a change of membership is not refused for the moment at which it comes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "check/cluster/etcd_gateway.h"
#include "check/cluster/etcd_membership.h"
#include "check/cluster/knob.h"
#include "check/cluster/process_cluster.h"

namespace check::cluster {

class EtcdCluster final : public ProcessCluster {
 public:
  static constexpr std::uint16_t kClientPort = etcd_gateway::kClientPort;
  static constexpr std::uint16_t kPeerPort = etcd_gateway::kPeerPort;

  static std::vector<Knob> knobs();
  // `program`: the path of the etcd binary. Requires: `settings` are of these knobs.
  static base::Result<std::unique_ptr<RaftClusterConfig>> make(Hosts& hosts, std::string program,
                                                               Settings settings);

  bool ready(NodeId node) override;
  base::Result<NodeStatus> status(NodeId node) override;
  Capabilities capabilities() const override {
    return {.cas = true, .status = true, .membership = true, .transfer = true};
  }
  Membership* membership() override { return &membership_; }
  std::unique_ptr<RaftClient> create_client() override;
  std::vector<std::uint16_t> peer_ports() const override { return {kPeerPort}; }
  std::string protocol() const override { return "etcd"; }

 private:
  EtcdCluster(Hosts& hosts, std::string version, std::string program, Settings settings)
      : ProcessCluster(hosts, "etcd", std::move(version)),
        program_(std::move(program)),
        settings_(std::move(settings)),
        membership_(this->hosts()) {}
  Command command(NodeId node) const override;

  std::string program_;
  Settings settings_;
  EtcdMembership membership_;
};

}  // namespace check::cluster
