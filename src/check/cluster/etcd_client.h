// SPDX-License-Identifier: Apache-2.0
// A client of etcd: its JSON gateway, one node, one request at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "check/cluster/http_client.h"
#include "check/cluster/process_cluster.h"
#include "check/cluster/raft_client.h"

namespace check::cluster {

class EtcdClient final : public RaftClient {
 public:
  // Requires: `config` is a ProcessCluster; it outlives the client.
  static std::unique_ptr<RaftClient> createClient(RaftClusterConfig* config);  // NOLINT: contract.

  base::Status connect(NodeId node, std::chrono::milliseconds timeout) override;
  Answer read(const std::string& key) override;
  Answer write(const std::string& key, const std::string& value) override;
  Answer cas(const std::string& key, const history::Value& expected,
             const std::string& desired) override;
  void close() override { http_.close(); }

 private:
  explicit EtcdClient(const ProcessCluster& cluster) : cluster_(cluster) {}
  Exchange<HttpResponse> post(std::string_view path, std::string_view body);

  const ProcessCluster& cluster_;
  HttpClient http_;
  std::chrono::milliseconds timeout_{0};
};

}  // namespace check::cluster
