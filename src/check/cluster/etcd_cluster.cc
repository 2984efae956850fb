// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/etcd_cluster.h"

#include "check/cluster/etcd_client.h"
#include "check/cluster/etcd_json.h"
#include "check/cluster/http_client.h"
#include "check/cluster/program.h"

namespace check::cluster {
namespace {

constexpr unsigned kHttpOk = 200;

std::string url(const std::string& address, std::uint16_t port) {
  return "http://" + address + ":" + std::to_string(port);
}

}  // namespace

std::vector<Knob> EtcdCluster::knobs() {
  return {
      {"snapshot-count", KnobKind::Number, "entries after which a node takes a snapshot", "100000",
       "snapshot_entries"},
      {"pre-vote", KnobKind::Flag, "candidates ask whether they would win before they stand",
       "false", "pre_vote"},
      {"heartbeat-interval", KnobKind::Number, "milliseconds between a leader's heartbeats", "100",
       "heartbeat_ms"},
      {"election-timeout", KnobKind::Number, "milliseconds without a heartbeat until an election",
       "1000", "election_ms"},
      {"strict-reconfig-check", KnobKind::Flag, "refuses changes of membership that look dangerous",
       "false", ""},
  };
}

base::Result<std::unique_ptr<RaftClusterConfig>> EtcdCluster::make(Hosts& hosts,
                                                                   std::string program,
                                                                   Settings settings) {
  TRY(std::string version, version_line({program, "--version"}, "etcd Version: "));
  settings.emplace("strict-reconfig-check", "false");  // Unless it is set.
  return std::unique_ptr<RaftClusterConfig>(
      new EtcdCluster(hosts, std::move(version), std::move(program), std::move(settings)));
}

Command EtcdCluster::command(NodeId node) const {
  const std::string peer = url(hosts().address(node), kPeerPort);
  const std::string client = url(hosts().address(node), kClientPort);
  const std::string all = joined([this](NodeId member) {
    return hosts().name(member) + "=" + url(hosts().address(member), kPeerPort);
  });
  Command command;
  command.words = {program_,
                   "--name=" + hosts().name(node),
                   "--data-dir=" + hosts().directory(node) + "/etcd",
                   "--listen-peer-urls=" + peer,
                   "--initial-advertise-peer-urls=" + peer,
                   "--listen-client-urls=" + client,
                   "--advertise-client-urls=" + client,
                   "--initial-cluster=" + all,
                   "--initial-cluster-token=seaworthy",
                   "--initial-cluster-state=new"};
  for (const auto& [name, value] : settings_) command.words.push_back("--" + name + "=" + value);
  return command;
}

base::Result<std::string> EtcdCluster::ask(NodeId node, const std::string& path,
                                           const std::string& body,
                                           const Deadline& deadline) const {
  HttpClient http(hosts().address(node), kClientPort);
  Exchange<HttpResponse> exchange = http.post_json(path, body, deadline);
  if (const auto* broken = std::get_if<Broken>(&exchange)) {
    return base::Error{base::ErrorCode::Unavailable, hosts().name(node) + ": " + broken->note};
  }
  auto& response = std::get<HttpResponse>(exchange);
  if (response.status == kHttpOk) return std::move(response.body);
  return base::Error{base::ErrorCode::Unavailable,
                     hosts().name(node) + ": " + etcd_json::refusal(response.body).words};
}

// A linearizable read: the node has a leader and a majority behind it.
bool EtcdCluster::ready(NodeId node) {
  const base::Result<std::string> body =
      ask(node, "/v3/kv/range", etcd_json::range_request("seaworthy-ready"),
          Deadline::after(kProbeTimeout));
  return body.ok() && etcd_json::range_answer(body.value()).ok();
}

base::Result<NodeStatus> EtcdCluster::status(NodeId node) {
  const Deadline deadline = Deadline::after(kProbeTimeout);
  TRY(const std::string body, ask(node, "/v3/maintenance/status", "{}", deadline));
  TRY(const etcd_json::Status told, etcd_json::status_answer(body));
  NodeStatus status;
  status.leader = told.leader == told.member;
  if (status.leader) {
    status.believed_leader = node;
  } else if (told.leader != 0) {
    status.believed_leader = node_of(told.leader, node, deadline);
  }
  status.term = told.term;
  status.commit = told.committed;
  return status;
}

std::optional<NodeId> EtcdCluster::known_node(std::uint64_t member) {
  const std::lock_guard<std::mutex> guard(mutex_);
  const auto found = members_.find(member);
  return found == members_.end() ? std::nullopt : std::optional(found->second);
}

// Members have ids that etcd computes; their names are ours. `asked` has just answered.
std::optional<NodeId> EtcdCluster::node_of(std::uint64_t member, NodeId asked,
                                           const Deadline& deadline) {
  if (const std::optional<NodeId> known = known_node(member)) return known;
  const base::Result<std::string> body = ask(asked, "/v3/cluster/member/list", "{}", deadline);
  if (!body.ok()) return std::nullopt;
  const auto names = etcd_json::members_answer(body.value());
  if (!names.ok()) return std::nullopt;
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    for (const auto& [id, name] : names.value()) {
      for (std::uint32_t node = 1; node <= nodes(); ++node) {
        if (hosts().name(NodeId{node}) == name) members_[id] = NodeId{node};
      }
    }
  }
  return known_node(member);
}

std::unique_ptr<RaftClient> EtcdCluster::create_client() { return EtcdClient::createClient(this); }

}  // namespace check::cluster
