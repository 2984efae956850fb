// SPDX-License-Identifier: Apache-2.0
#include "embed/setup.h"

#include <seaworthy/raft/server.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fnv1a.h"
#include "os/clock.h"
#include "session/command.h"
#include "transport/udp_transport.h"

namespace embed {
namespace {

base::Error wrong(std::string what) { return {base::ErrorCode::InvalidArgument, std::move(what)}; }

std::uint32_t ticks(std::chrono::milliseconds time) {
  return static_cast<std::uint32_t>((time + kTick - std::chrono::milliseconds(1)) / kTick);
}

base::Status check_times(const seaworthy::Options& options) {
  using std::chrono::milliseconds;
  if (options.heartbeat < kTick) return wrong("heartbeat is less than 10 ms");
  if (options.election_min < 2 * options.heartbeat) {
    return wrong("election_min is less than two heartbeats");
  }
  if (options.election_max < options.election_min + options.heartbeat) {
    return wrong("election_max is not a heartbeat above election_min");
  }
  if (options.election_max > std::chrono::minutes(10)) return wrong("election_max is over 10 min");
  if (options.patience <= milliseconds(0)) return wrong("patience is not above 0");
  return base::Done{};
}

base::Status check_waiting(const seaworthy::Options& options) {
  if (options.max_waiting_bytes >= seaworthy::Server::kMaxBytes) return base::Done{};
  return wrong("max_waiting_bytes is less than 8 MiB, the longest command");
}

base::Status check_transport(const seaworthy::Options& options) {
  if (options.transport != seaworthy::Transport::Udp) return base::Done{};
  if (options.tls) return wrong("there is no TLS over UDP");
  return transport::UdpTransport::check_datagram_bytes(options.datagram_bytes);
}

base::Result<transport::Peers> peers_of(const seaworthy::Options& options) {
  transport::Peers peers;
  for (const auto& [id, where] : options.members) {
    if (id == 0) return wrong("a member has the id 0");
    TRY(const os::HostPort address, os::parse_host_port(where));
    if (address.port == 0) return wrong(where + ": port 0, where nobody would find it");
    peers.emplace(raft::NodeId{id}, address);
  }
  if (!peers.contains({options.id})) {
    return wrong("members does not have this server, " + std::to_string(options.id));
  }
  return peers;
}

replica::Config replica_config(const seaworthy::Options& options, std::uint64_t cluster) {
  replica::Config config;
  config.raft.self = {options.id};
  config.raft.life = os::entropy();
  config.raft.seed = os::entropy();
  config.raft.election_ticks_min = ticks(options.election_min);
  config.raft.election_ticks_max = ticks(options.election_max);
  config.raft.heartbeat_ticks = ticks(options.heartbeat);
  config.raft.lease.on = options.lease;
  config.journal.cluster = cluster;
  config.journal.node = {options.id};
  config.journal.kind = options.storage == seaworthy::Storage::Mapped ? journal::Kind::Mapped
                                                                      : journal::Kind::Segments;
  config.journal.make_storage = options.make_storage;
  config.snapshots.log_bytes = options.snapshot_log_bytes;
  if (options.snapshot_log_bytes > 0) config.snapshots.keep_bytes = options.snapshot_log_bytes;
  config.max_waiting = options.max_waiting;
  return config;
}

}  // namespace

base::Result<Setup> read_setup(const seaworthy::Options& options) {
  if (options.folder.empty()) return wrong("folder is empty");
  TRY([[maybe_unused]] const auto times, check_times(options));
  TRY([[maybe_unused]] const auto waiting, check_waiting(options));
  TRY([[maybe_unused]] const auto transport, check_transport(options));
  Setup setup;
  TRY(setup.member.peers, peers_of(options));
  const std::uint64_t cluster = base::fnv1a(options.cluster);
  setup.member.replica = replica_config(options, cluster);
  if (!options.join) {
    TRY(setup.member.replica.raft.initial, configuration_of({options.members, {}}));
  }
  session::wrap(session::Kind::NotKept, setup.member.too_long);
  setup.member.too_long_of_write = setup.member.too_long;
  setup.transport.cluster = {cluster};
  setup.transport.self = {options.id};
  setup.transport.life = {std::max<std::uint64_t>(1, os::entropy())};
  setup.transport.listen = setup.member.peers.at({options.id});
  setup.transport.peers = setup.member.peers;
  setup.transport.patience = options.election_max;
  setup.transport.backoff_max = options.election_min;
  setup.transport.datagram_bytes = options.datagram_bytes;
  if (options.tls) {
    setup.transport.tls = {options.tls->certificate, options.tls->key, options.tls->authority};
  }
  return setup;
}

base::Result<raft::Configuration> configuration_of(const seaworthy::Membership& membership) {
  raft::Configuration configuration;
  const auto list = [](const std::map<std::uint32_t, std::string>& members) {
    std::vector<raft::Member> result;
    result.reserve(members.size());
    for (const auto& [id, where] : members) result.push_back({{id}, where});
    return result;
  };
  configuration.voters = list(membership.voters);
  configuration.learners = list(membership.learners);
  TRY([[maybe_unused]] const auto valid, raft::validate(configuration));
  for (const auto* members : {&membership.voters, &membership.learners}) {
    for (const auto& [id, where] : *members) {
      TRY([[maybe_unused]] const os::HostPort address, os::parse_host_port(where));
    }
  }
  return configuration;
}

seaworthy::Membership membership_of(const raft::Configuration& configuration) {
  seaworthy::Membership membership;
  for (const raft::Member& one : configuration.voters) {
    membership.voters.emplace(one.id.value, one.address);
  }
  for (const raft::Member& one : configuration.learners) {
    membership.learners.emplace(one.id.value, one.address);
  }
  return membership;
}

}  // namespace embed
