// SPDX-License-Identifier: Apache-2.0
// What nodes answered to RAFT STATUS, and how it looks to a person and to a program.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "resp/reply.h"

namespace control {

struct Member {
  std::int64_t id = 0;
  std::string address;
  std::string part;
  bool connected = false;
  std::optional<std::int64_t> match;
};

struct NodeReport {
  std::string where;  // That was asked.
  std::string error;  // Why there is nothing else.
  std::int64_t id = 0;
  std::string role;
  std::int64_t term = 0;
  std::int64_t leader = 0;     // 0: it knows none.
  std::string leader_clients;  // Where that one takes clients; empty: it does not know.
  std::int64_t commit = 0;
  std::int64_t applied = 0;
  std::int64_t last_index = 0;
  std::int64_t waiting = 0;
  std::int64_t clients = 0;
  std::int64_t keys = 0;
  std::int64_t sessions = 0;
  // On its disk; the age in seconds. snapshot_index 0: it has no snapshot.
  std::int64_t log_bytes = 0;
  std::int64_t log_files = 0;
  std::int64_t snapshot_index = 0;
  std::int64_t snapshot_bytes = 0;
  std::int64_t snapshot_age = 0;
  std::int64_t syncs = 0;
  std::int64_t sync_microseconds = 0;  // One, on the average.
  bool damaged = false;
  std::vector<Member> members;
};

// Keys that this program does not know are left alone: another version may say more.
base::Result<NodeReport> parse_report(const resp::Reply& reply);

// The one that leads in the highest term; null: nobody does.
const NodeReport* find_leader(const std::vector<NodeReport>& reports);

// The member that leads, as the reports of the highest term that knows one say, and is none of
// those that reported.
struct Elsewhere {
  std::int64_t leader = 0;
  std::string clients;     // Where it takes clients; empty: not known.
  bool connected = false;  // To the node that says so.
};
std::optional<Elsewhere> find_elsewhere(const std::vector<NodeReport>& reports);

// `told` is of the node that `teller` says leads, in the same cluster: the members and their
// addresses are the same.
bool vouches(const NodeReport& teller, const NodeReport& told);

std::string as_table(const std::vector<NodeReport>& reports);
std::string as_json(const std::vector<NodeReport>& reports);

}  // namespace control
