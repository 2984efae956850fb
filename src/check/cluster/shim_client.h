// SPDX-License-Identifier: Apache-2.0
// A client whose protocol a shim speaks: one shim process for each client.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "check/cluster/manifest_cluster.h"
#include "check/cluster/raft_client.h"
#include "check/cluster/shim.h"

namespace check::cluster {

class ShimClient final : public RaftClient {
 public:
  // Requires: `config` is a ManifestCluster.
  static std::unique_ptr<RaftClient> createClient(RaftClusterConfig* config);  // NOLINT: contract.

  base::Status connect(NodeId node, std::chrono::milliseconds timeout) override;
  Answer read(const std::string& key) override;
  Answer write(const std::string& key, const std::string& value) override;
  Answer cas(const std::string& key, const history::Value& expected,
             const std::string& desired) override;
  Answer append(const std::string& key, const std::string& piece) override;
  bool changes_nodes() const override { return true; }
  void close() override { shim_.close(); }

 private:
  ShimClient(Shim shim, Capabilities capabilities)
      : shim_(std::move(shim)), capabilities_(capabilities) {}
  Answer change(const ShimRequest& request);

  Shim shim_;
  Capabilities capabilities_;
  NodeId node_;
  std::chrono::milliseconds timeout_{0};
};

}  // namespace check::cluster
