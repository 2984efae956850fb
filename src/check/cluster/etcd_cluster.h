// SPDX-License-Identifier: Apache-2.0
// etcd, as Debian's etcd-server or any other 3.4 to 3.6 binary: unmodified, ordinary flags, and its
// defaults unless something is set. One default is another here: --strict-reconfig-check is false,
// so that a change of membership is not refused for the moment at which it comes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "check/cluster/deadline.h"
#include "check/cluster/knob.h"
#include "check/cluster/process_cluster.h"

namespace check::cluster {

class EtcdCluster final : public ProcessCluster {
 public:
  static constexpr std::uint16_t kClientPort = 2379;
  static constexpr std::uint16_t kPeerPort = 2380;

  static std::vector<Knob> knobs();
  // `program`: the path of the etcd binary. Requires: `settings` are of these knobs.
  static base::Result<std::unique_ptr<RaftClusterConfig>> make(Hosts& hosts, std::string program,
                                                               Settings settings);

  bool ready(NodeId node) override;
  base::Result<NodeStatus> status(NodeId node) override;
  std::unique_ptr<RaftClient> create_client() override;
  std::vector<std::uint16_t> peer_ports() const override { return {kPeerPort}; }
  std::string protocol() const override { return "etcd"; }

 private:
  EtcdCluster(Hosts& hosts, std::string version, std::string program, Settings settings)
      : ProcessCluster(hosts, "etcd", std::move(version)),
        program_(std::move(program)),
        settings_(std::move(settings)) {}
  Command command(NodeId node) const override;
  base::Result<std::string> ask(NodeId node, const std::string& path, const std::string& body,
                                const Deadline& deadline) const;
  std::optional<NodeId> known_node(std::uint64_t member);
  std::optional<NodeId> node_of(std::uint64_t member, NodeId asked, const Deadline& deadline);

  std::string program_;
  Settings settings_;
  std::mutex mutex_;
  std::map<std::uint64_t, NodeId> members_;  // Guarded by mutex_.
};

}  // namespace check::cluster
