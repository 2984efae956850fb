// SPDX-License-Identifier: Apache-2.0
#include "server/info.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "server/commands.h"
#include "server/storage_figures.h"
#include "version/version.h"

namespace server {
namespace {

std::string server_section(const Facts& facts) {
  return fmt::format(
      "# Server\r\nserver_name:raftkv\r\nraftkv_version:{}\r\nredis_version:7.0.0\r\n"
      "redis_mode:standalone\r\nprocess_id:{}\r\ntcp_port:{}\r\nuptime_in_seconds:{}\r\n",
      version::text(), getpid(), facts.options.listen.port,
      std::chrono::duration_cast<std::chrono::seconds>(facts.uptime).count());
}

std::string clients_section(const Facts& facts) {
  return fmt::format("# Clients\r\nconnected_clients:{}\r\nmaxclients:{}\r\n", facts.clients,
                     facts.options.max_clients);
}

std::string raft_section(const Facts& facts) {
  const raft::Node& node = facts.member.node();
  std::string text = fmt::format(
      "# Raft\r\nid:{}\r\nrole:{}\r\nterm:{}\r\nleader:{}\r\ncommit:{}\r\napplied:{}\r\n"
      "last_index:{}\r\nlast_term:{}\r\nwaiting_requests:{}\r\nvoters:{}\r\n"
      "damage_found:{}\r\ndamaged:{}\r\n",
      node.id().value, role_name(node.role()), node.term().value(),
      node.leader() ? node.leader()->value : 0, node.commit().value(),
      facts.member.replica().applied().value(), node.last().index.value(), node.last().term.value(),
      facts.member.replica().waiting(), node.configuration().voters.size(),
      facts.member.replica().findings().size(), facts.member.replica().is_damaged() ? 1 : 0);
  for (const raft::NodeId id : node.configuration().ids()) {
    if (id == facts.options.id) continue;
    text += fmt::format("peer{}:address={},connected={}\r\n", id.value,
                        node.configuration().find(id)->address,
                        facts.member.transport().is_up(id) ? 1 : 0);
  }
  return text;
}

std::string keyspace_section(const Facts& facts) {
  const std::size_t keys = facts.machine.size();
  std::string text = "# Keyspace\r\n";
  if (keys > 0) text += fmt::format("db0:keys={},expires=0,avg_ttl=0\r\n", keys);
  return text;
}

std::string sessions_section(const Facts& facts) {
  const session::Table& table = facts.sessions.table();
  return fmt::format(
      "# Sessions\r\nsessions:{}\r\nsessions_limit:{}\r\nsession_answer_bytes:{}\r\n"
      "session_answer_bytes_limit:{}\r\nsessions_expired:{}\r\n",
      table.records().size(), table.limits().sessions, table.answer_bytes(),
      table.limits().answer_bytes, table.expired());
}

std::string storage_section(const Facts& facts) {
  const StorageFigures storage = storage_of(facts);
  return fmt::format(
      "# Storage\r\nlog_bytes:{}\r\nlog_files:{}\r\nsnapshots:{}\r\nsnapshot_bytes:{}\r\n"
      "snapshot_index:{}\r\nsnapshot_age_seconds:{}\r\nsyncs:{}\r\nsync_microseconds:{}\r\n",
      storage.log_bytes, storage.segments, storage.snapshots, storage.snapshot_bytes,
      storage.snapshot_index, storage.snapshot_age_seconds, storage.syncs,
      storage.sync_microseconds);
}

struct Section {
  std::string_view name;
  std::string (*text)(const Facts& facts);
};
constexpr std::array kSections{
    Section{"server", server_section},   Section{"clients", clients_section},
    Section{"raft", raft_section},       Section{"sessions", sessions_section},
    Section{"storage", storage_section}, Section{"keyspace", keyspace_section}};

bool is_among(std::span<const std::string_view> named, std::string_view name) {
  return std::ranges::any_of(named,
                             [&](std::string_view one) { return equals_ignoring_case(one, name); });
}

bool means_all(std::span<const std::string_view> named) {
  return named.empty() || is_among(named, "all") || is_among(named, "default") ||
         is_among(named, "everything");
}

}  // namespace

std::string_view role_name(raft::Role role) {
  switch (role) {
    case raft::Role::Follower:
      return "follower";
    case raft::Role::PreCandidate:
      return "pre-candidate";
    case raft::Role::Candidate:
      return "candidate";
    case raft::Role::Leader:
      return "leader";
  }
  return "?";
}

std::string info_text(const Facts& facts, std::span<const std::string_view> named) {
  const bool all = means_all(named);
  std::string text;
  for (const Section& one : kSections) {
    if (!all && !is_among(named, one.name)) continue;
    if (!text.empty()) text += "\r\n";
    text += one.text(facts);
  }
  return text;
}

}  // namespace server
