// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/raftkv_cluster.h"

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "check/cluster/program.h"
#include "check/cluster/raftkv_client.h"
#include "check/cluster/resp_client.h"

namespace check::cluster {
namespace {

std::string at(const std::string& address, std::uint16_t port) {
  return address + ":" + std::to_string(port);
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void take_line(std::string_view name, std::string_view value, NodeStatus& status) {
  if (name == "role") status.leader = value == "leader";
  if (name == "term") status.term = number_in<std::uint64_t>(value);
  if (name == "commit") status.commit = number_in<std::uint64_t>(value);
  if (name == "leader") {
    const auto id = number_in<std::uint32_t>(value);
    if (id && *id != 0) status.believed_leader = NodeId{*id};
  }
}

}  // namespace

std::vector<Knob> RaftkvCluster::knobs() {
  return {
      {"transport", KnobKind::Text, "how nodes talk to each other: tcp or udp", "tcp", ""},
      {"datagram-bytes", KnobKind::Number, "with udp: the most that a datagram has", "512", ""},
      {"storage", KnobKind::Text, "how the log lies on disk: segments or mapped", "segments", ""},
      {"snapshot-entries", KnobKind::Number, "entries after which a node takes a snapshot",
       "by bytes only", "snapshot_entries"},
      {"snapshot-keep-entries", KnobKind::Number, "entries kept behind a snapshot",
       "10000, with snapshot-entries 1000", ""},
      {"snapshot-log-mb", KnobKind::Number, "megabytes of log after which it takes one", "64", ""},
      {"follower-reads", KnobKind::Flag, "every node answers reads itself, by an index it asks for",
       "false", "follower_reads"},
      {"lease", KnobKind::Flag, "the leader answers reads by its clock", "false", "leases"},
      {"clock-drift-per-mille", KnobKind::Number, "with lease: how much faster a clock may run",
       "100", ""},
      {"heartbeat-ms", KnobKind::Number, "milliseconds between a leader's heartbeats", "50",
       "heartbeat_ms"},
      {"election-min-ms", KnobKind::Number, "shortest silence of the leader before an election",
       "300", ""},
      {"election-max-ms", KnobKind::Number, "longest such silence", "600", ""},
  };
}

std::string RaftkvCluster::peer_address(const Hosts& hosts, NodeId node) {
  return at(hosts.address(node), kPeerPort);
}

base::Result<std::unique_ptr<RaftClusterConfig>> RaftkvCluster::make(Hosts& hosts,
                                                                     RaftkvBuild build) {
  // A node that lacks more than the plans about snapshots make it lack needs one.
  if (build.settings.contains("snapshot-entries")) {
    build.settings.emplace("snapshot-keep-entries", "1000");
  }
  TRY(std::string version, version_line({build.program, "--version"}, "raftkv "));
  return std::unique_ptr<RaftClusterConfig>(
      new RaftkvCluster(hosts, std::move(build), std::move(version)));
}

Command RaftkvCluster::command(NodeId node) const {
  const std::string peers = joined([this](NodeId peer) {
    return std::to_string(peer.value) + "=" + peer_address(hosts(), peer);
  });
  Command command;
  command.words = {build_.program, "serve",
                   "--id",         std::to_string(node.value),
                   "--peers",      peers,
                   "--listen",     at(hosts().address(node), kClientPort),
                   "--data",       hosts().directory(node) + "/raftkv"};
  for (const auto& [name, value] : build_.settings) {
    const bool flag = value == "true" || value == "false";
    command.words.push_back("--" + name);
    command.words.push_back(flag ? (value == "true" ? "yes" : "no") : value);
  }
  if (membership_.joined(node)) {
    command.words.emplace_back("--join");
    command.words.emplace_back("yes");
  }
  if (!build_.broken.empty()) {
    command.words.emplace_back("--broken");
    command.words.push_back(build_.broken);
  }
  return command;
}

// A linearizable read: the node knows a leader, which has a majority behind it.
bool RaftkvCluster::ready(NodeId node) {
  RespClient resp(hosts().address(node), kClientPort);
  const std::array<std::string_view, 2> words = {"GET", "seaworthy-ready"};
  const Exchange<RespReply> exchange = resp.call(words, Deadline::after(kProbeTimeout));
  const auto* reply = std::get_if<RespReply>(&exchange);
  return reply != nullptr && reply->kind != RespReply::Kind::Error;
}

base::Result<NodeStatus> RaftkvCluster::status(NodeId node) {
  RespClient resp(hosts().address(node), kClientPort);
  const std::array<std::string_view, 2> words = {"INFO", "raft"};
  const Exchange<RespReply> exchange = resp.call(words, Deadline::after(kProbeTimeout));
  if (const auto* broken = std::get_if<Broken>(&exchange)) {
    return base::Error{base::ErrorCode::Unavailable, hosts().name(node) + ": " + broken->note};
  }
  const auto& reply = std::get<RespReply>(exchange);
  if (reply.kind == RespReply::Kind::Text) return parse_info(reply.text);
  return base::Error{base::ErrorCode::Unavailable,
                     hosts().name(node) + " answers INFO raft with: " + reply.text};
}

std::unique_ptr<RaftClient> RaftkvCluster::create_client() {
  return RaftkvClient::createClient(this);
}

NodeStatus parse_info(std::string_view info) {
  NodeStatus status;
  while (!info.empty()) {
    std::string_view line = info.substr(0, info.find('\n'));
    info.remove_prefix(std::min(info.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    take_line(line.substr(0, colon), line.substr(colon + 1), status);
  }
  return status;
}

}  // namespace check::cluster
