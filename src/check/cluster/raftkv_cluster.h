// SPDX-License-Identifier: Apache-2.0
// raftkv, our own server, and its builds that are wrong on purpose. Spoken to in RESP like any
// other Redis-compatible server; nothing here knows its code.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "check/cluster/knob.h"
#include "check/cluster/process_cluster.h"
#include "check/cluster/raftkv_membership.h"

namespace check::cluster {

// Which raftkv: the ordinary one, or a broken one or its twin.
struct RaftkvBuild {
  std::string target;   // "raftkv", "broken/stale-read", "twin/stale-read", ...
  std::string program;  // The path of its binary.
  std::string broken;   // The word after --broken; empty: without it.
  Settings settings = {};
};

class RaftkvCluster final : public ProcessCluster {
 public:
  static constexpr std::uint16_t kClientPort = 6379;
  static constexpr std::uint16_t kPeerPort = 7000;

  static std::vector<Knob> knobs();
  // Where the others reach `node`: "10.77.0.2:7000".
  static std::string peer_address(const Hosts& hosts, NodeId node);
  // Requires: the settings are of these knobs.
  static base::Result<std::unique_ptr<RaftClusterConfig>> make(Hosts& hosts, RaftkvBuild build);

  bool ready(NodeId node) override;
  base::Result<NodeStatus> status(NodeId node) override;
  Capabilities capabilities() const override {
    return {.append = true,
            .membership = true,
            .transfer = true,
            .datagrams = setting(knobs(), build_.settings, "transport") == "udp"};
  }
  Membership* membership() override { return &membership_; }
  std::unique_ptr<RaftClient> create_client() override;
  std::vector<std::uint16_t> peer_ports() const override { return {kPeerPort}; }
  std::string protocol() const override { return "raftkv"; }

 private:
  RaftkvCluster(Hosts& hosts, RaftkvBuild build, std::string version)
      : ProcessCluster(hosts, build.target, std::move(version)),
        build_(std::move(build)),
        membership_(this->hosts()) {}
  Command command(NodeId node) const override;

  RaftkvBuild build_;
  RaftkvMembership membership_;
};

// What the `# Raft` section of INFO says: "role:leader", "term:3", "leader:1", "commit:17".
NodeStatus parse_info(std::string_view info);

}  // namespace check::cluster
