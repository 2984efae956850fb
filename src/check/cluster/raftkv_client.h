// SPDX-License-Identifier: Apache-2.0
// A client of raftkv: RESP, one node, one command at a time.
//
//   read   GET key
//   write  SET key value
//   cas    SET key desired IFEQ expected GET, or SET key desired NX GET where nothing is expected;
//          the reply is what was there before, so it has been done iff that is what was expected.
//   append APPEND key piece
//
// An error that begins with NOTDONE certainly did nothing; any other leaves it open.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "check/cluster/process_cluster.h"
#include "check/cluster/raft_client.h"
#include "check/cluster/resp_client.h"

namespace check::cluster {

class RaftkvClient final : public RaftClient {
 public:
  // Requires: `config` is a ProcessCluster; it outlives the client.
  static std::unique_ptr<RaftClient> createClient(RaftClusterConfig* config);  // NOLINT: contract.

  base::Status connect(NodeId node, std::chrono::milliseconds timeout) override;
  Answer read(const std::string& key) override;
  Answer write(const std::string& key, const std::string& value) override;
  Answer cas(const std::string& key, const history::Value& expected,
             const std::string& desired) override;
  Answer append(const std::string& key, const std::string& piece) override;
  void close() override { resp_.close(); }

 private:
  explicit RaftkvClient(const ProcessCluster& cluster) : cluster_(cluster) {}
  Exchange<RespReply> call(std::initializer_list<std::string_view> words);

  const ProcessCluster& cluster_;
  RespClient resp_;
  std::chrono::milliseconds timeout_{0};
};

}  // namespace check::cluster
