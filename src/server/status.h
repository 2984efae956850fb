// SPDX-License-Identifier: Apache-2.0
// What a node knows about itself and the others, as values: for RAFT STATUS, INFO, /metrics, and
// the sentence that says why a node does not lead.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "raft/node.h"
#include "server/storage_figures.h"

namespace server {

struct Facts;

struct MemberStatus {
  raft::NodeId id;
  std::string address;
  std::string part;        // voter, learner, outgoing (a voter on its way out)
  bool connected = false;  // Requests can be passed on to it. This node itself: true.
  // Of its log is known to be durable there; only a leader knows.
  std::optional<std::uint64_t> match;
};

struct Status {
  raft::NodeId id;
  std::string_view role;
  std::uint64_t term = 0;
  std::optional<raft::NodeId> leader;
  std::string leader_clients;  // Where it takes clients; empty: not known here (`--clients`).
  std::uint64_t commit = 0;
  std::uint64_t applied = 0;
  std::uint64_t last_index = 0;
  std::uint64_t last_term = 0;
  std::size_t waiting = 0;
  std::size_t clients = 0;
  std::size_t keys = 0;
  std::size_t sessions = 0;
  std::uint64_t uptime_seconds = 0;
  StorageFigures storage;
  std::vector<MemberStatus> members;
};

Status status_of(const Facts& facts);

// One sentence or more, for a person: why this node does not lead now, or that it does.
std::string why_not_leader(const Facts& facts);

// What the commands of clients may ask about their node.
class NodeView {
 public:
  virtual ~NodeView() = default;
  // INFO's answer: all sections, or those that are named.
  virtual std::string info(std::span<const std::string_view> sections) const = 0;
  // The option, or what the system allows if that is less.
  virtual std::size_t max_clients() const = 0;
  virtual Status status() const = 0;
  virtual std::string why_not_leader() const = 0;
};

}  // namespace server
