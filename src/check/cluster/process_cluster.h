// SPDX-License-Identifier: Apache-2.0
// A system whose nodes are processes, one on each host: what most adapters derive from. They add
// the command line, how to ask whether a node is up, and the client.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "check/cluster/hosts.h"
#include "check/cluster/raft_cluster_config.h"

namespace check::cluster {

class ProcessCluster : public RaftClusterConfig {
 public:
  std::string name() const override { return name_; }
  std::string version() const override { return version_; }
  std::uint32_t nodes() const override { return hosts_.nodes(); }
  base::Status start(NodeId node) override;
  base::Status stop(NodeId node) override;
  base::Status kill(NodeId node) override;

  const Hosts& hosts() const { return hosts_; }

 protected:
  // ready() and status() have to return within a second.
  static constexpr std::chrono::milliseconds kProbeTimeout{900};

  // `hosts` outlives this object.
  ProcessCluster(Hosts& hosts, std::string name, std::string version)
      : hosts_(hosts), name_(std::move(name)), version_(std::move(version)) {}

  virtual Command command(NodeId node) const = 0;
  // One piece for every node, joined by commas: what `--initial-cluster` and its like take.
  template <class Piece>
  std::string joined(Piece piece) const {
    std::string all;
    for (std::uint32_t id = 1; id <= nodes(); ++id) {
      if (!all.empty()) all += ',';
      all += piece(NodeId{id});
    }
    return all;
  }

 private:
  Hosts& hosts_;
  std::string name_;
  std::string version_;
};

}  // namespace check::cluster
