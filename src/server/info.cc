// SPDX-License-Identifier: Apache-2.0
#include "server/info.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>

#include "server/commands.h"
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
  const raft::Node& node = facts.replica.node();
  std::string text = fmt::format(
      "# Raft\r\nid:{}\r\nrole:{}\r\nterm:{}\r\nleader:{}\r\ncommit:{}\r\napplied:{}\r\n"
      "last_index:{}\r\nlast_term:{}\r\nwaiting_requests:{}\r\nvoters:{}\r\n",
      node.id().value, role_name(node.role()), node.term().value(),
      node.leader() ? node.leader()->value : 0, node.commit().value(),
      facts.replica.applied().value(), node.last().index.value(), node.last().term.value(),
      facts.replica.waiting(), facts.options.peers.size());
  for (const auto& [id, where] : facts.options.peers) {
    if (id == facts.options.id) continue;
    text += fmt::format("peer{}:address={},connected={}\r\n", id.value, where.text(),
                        facts.peers.is_up(id) ? 1 : 0);
  }
  return text;
}

std::string keyspace_section(const Facts& facts) {
  const std::size_t keys = facts.replica.machine().size();
  std::string text = "# Keyspace\r\n";
  if (keys > 0) text += fmt::format("db0:keys={},expires=0,avg_ttl=0\r\n", keys);
  return text;
}

struct Section {
  std::string_view name;
  std::string (*text)(const Facts& facts);
};
constexpr std::array kSections{Section{"server", server_section},
                               Section{"clients", clients_section}, Section{"raft", raft_section},
                               Section{"keyspace", keyspace_section}};

bool means_all(std::string_view section) {
  for (const std::string_view word : {"", "all", "default", "everything"}) {
    if (equals_ignoring_case(section, word)) return true;
  }
  return false;
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

std::string info_text(const Facts& facts, std::string_view section) {
  std::string text;
  for (const Section& one : kSections) {
    if (!means_all(section) && !equals_ignoring_case(section, one.name)) continue;
    if (!text.empty()) text += "\r\n";
    text += one.text(facts);
  }
  return text;
}

}  // namespace server
