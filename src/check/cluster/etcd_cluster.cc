// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/etcd_cluster.h"

#include "check/cluster/etcd_client.h"
#include "check/cluster/etcd_json.h"
#include "check/cluster/program.h"

namespace check::cluster {

std::vector<Knob> EtcdCluster::knobs() {
  return {
      {"snapshot-count", KnobKind::Number, "entries after which a node takes a snapshot",
       "100000, from etcd 3.6 on 10000", "snapshot_entries"},
      {"pre-vote", KnobKind::Flag, "candidates ask whether they would win before they stand",
       "false, from etcd 3.5 on true", "pre_vote"},
      {"", KnobKind::Flag, "nodes ask for an index, and answer reads themselves", "true",
       "follower_reads"},
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
  const std::string peer = etcd_gateway::url(hosts(), node, kPeerPort);
  const std::string client = etcd_gateway::url(hosts(), node, kClientPort);
  const std::string all = joined([this](NodeId member) {
    return hosts().name(member) + "=" + etcd_gateway::url(hosts(), member, kPeerPort);
  });
  const std::optional<std::string> joined_to = membership_.joined(node);
  Command command;
  command.words = {program_,
                   "--name=" + hosts().name(node),
                   "--data-dir=" + hosts().directory(node) + "/etcd",
                   "--listen-peer-urls=" + peer,
                   "--initial-advertise-peer-urls=" + peer,
                   "--listen-client-urls=" + client,
                   "--advertise-client-urls=" + client,
                   "--initial-cluster=" + joined_to.value_or(all),
                   "--initial-cluster-token=seaworthy",
                   std::string("--initial-cluster-state=") + (joined_to ? "existing" : "new")};
  for (const auto& [name, value] : settings_) command.words.push_back("--" + name + "=" + value);
  return command;
}

// A linearizable read: the node has a leader and a majority behind it.
bool EtcdCluster::ready(NodeId node) {
  const base::Result<std::string> body =
      etcd_gateway::ask(hosts(), node, "/v3/kv/range", etcd_json::range_request("seaworthy-ready"),
                        Deadline::after(kProbeTimeout));
  return body.ok() && etcd_json::range_answer(body.value()).ok();
}

base::Result<NodeStatus> EtcdCluster::status(NodeId node) {
  const Deadline deadline = Deadline::after(kProbeTimeout);
  TRY(const std::string body,
      etcd_gateway::ask(hosts(), node, "/v3/maintenance/status", "{}", deadline));
  TRY(const etcd_json::Status told, etcd_json::status_answer(body));
  NodeStatus status;
  status.leader = told.leader == told.member;
  if (status.leader) {
    status.believed_leader = node;
  } else if (told.leader != 0) {
    status.believed_leader = membership_.node_of(told.leader, node, deadline);
  }
  status.term = told.term;
  status.commit = told.committed;
  return status;
}

std::unique_ptr<RaftClient> EtcdCluster::create_client() { return EtcdClient::createClient(this); }

}  // namespace check::cluster
