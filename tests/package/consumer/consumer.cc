// SPDX-License-Identifier: Apache-2.0
// The smallest system under test: one register in this process. What an adapter outside the tree
// has to write, and proof that the installed headers and libraries suffice for it.
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "check/cluster/raft_client.h"
#include "check/cluster/raft_cluster_config.h"
#include "check/verdict/finding.h"

namespace {

using check::cluster::Answer;
using check::cluster::NodeId;
using check::cluster::NodeStatus;
using check::cluster::RaftClient;
using check::cluster::RaftClusterConfig;
using check::history::Outcome;
using check::history::Value;

class MemoryCluster final : public RaftClusterConfig {
 public:
  std::string name() const override { return "memory"; }
  std::string version() const override { return "1"; }
  std::uint32_t nodes() const override { return 1; }
  base::Status start(NodeId node) override { return set_running(node, true); }
  base::Status stop(NodeId node) override { return set_running(node, false); }
  base::Status kill(NodeId node) override { return set_running(node, false); }
  bool ready(NodeId node) override { return node.value == 1 && running_; }
  base::Result<NodeStatus> status(NodeId node) override {
    if (!ready(node)) return base::Error{base::ErrorCode::Unavailable, "the node does not run"};
    NodeStatus status;
    status.leader = true;
    return status;
  }
  std::unique_ptr<RaftClient> create_client() override;

  std::map<std::string, std::string> registers;

 private:
  base::Status set_running(NodeId node, bool running) {
    if (node.value != 1) return base::Error{base::ErrorCode::NotFound, "there is only node 1"};
    running_ = running;
    return base::Done{};
  }
  bool running_ = false;
};

class MemoryClient final : public RaftClient {
 public:
  explicit MemoryClient(MemoryCluster& cluster) : cluster_(cluster) {}
  static std::unique_ptr<RaftClient> createClient(RaftClusterConfig* config) {
    return config->create_client();
  }
  base::Status connect(NodeId node, std::chrono::milliseconds /*timeout*/) override {
    if (cluster_.ready(node)) return base::Done{};
    return base::Error{base::ErrorCode::Unavailable, "the node does not run"};
  }
  Answer read(const std::string& key) override { return {Outcome::Ok, content(key), true, {}}; }
  Answer write(const std::string& key, const std::string& value) override {
    cluster_.registers[key] = value;
    return {Outcome::Ok, {}, false, {}};
  }
  Answer cas(const std::string& key, const Value& expected, const std::string& desired) override {
    const Value found = content(key);
    if (found != expected) return {Outcome::Fail, found, true, {}};
    return write(key, desired);
  }
  void close() override {}

 private:
  Value content(const std::string& key) const {
    const auto found = cluster_.registers.find(key);
    return found == cluster_.registers.end() ? Value{} : Value{found->second};
  }
  MemoryCluster& cluster_;
};

std::unique_ptr<RaftClient> MemoryCluster::create_client() {
  return std::make_unique<MemoryClient>(*this);
}

bool works(RaftClusterConfig& cluster) {
  const std::unique_ptr<RaftClient> client = MemoryClient::createClient(&cluster);
  if (client->connect({1}, std::chrono::seconds(1)).ok()) return false;  // Not started yet.
  if (!cluster.start({1}).ok() || !client->connect({1}, std::chrono::seconds(1)).ok()) return false;
  const bool swapped = client->cas("x", std::nullopt, "1").outcome == Outcome::Ok;
  const Answer refused = client->cas("x", "7", "2");
  return swapped && refused.outcome == Outcome::Fail && refused.found == "1" &&
         client->read("x").found == "1";
}

}  // namespace

int main() {
  MemoryCluster cluster;
  const auto verdict =
      works(cluster) ? check::verdict::Verdict::Valid : check::verdict::Verdict::Invalid;
  std::printf("%s %s\n", cluster.name().c_str(), check::verdict::name(verdict));
  return verdict == check::verdict::Verdict::Valid ? 0 : 1;
}
