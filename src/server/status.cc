// SPDX-License-Identifier: Apache-2.0
#include "server/status.h"

#include <fmt/core.h>

#include <algorithm>

#include "server/info.h"

namespace server {
namespace {

std::string listed(const std::vector<raft::NodeId>& ids) {
  std::string text;
  for (const raft::NodeId id : ids) text += (text.empty() ? "" : ", ") + std::to_string(id.value);
  return text;
}

// "1 of 3 voters are connected, this one included, and 2 are needed; no connection to 2, 3."
std::string connections(const Facts& facts) {
  std::vector<raft::NodeId> missing;
  std::size_t voters = 0;
  bool is_one = false;  // Not if it is on its way out.
  for (const MemberStatus& member : status_of(facts).members) {
    if (member.part != "voter") continue;
    ++voters;
    is_one = is_one || member.id == facts.member.node().id();
    if (!member.connected) missing.push_back(member.id);
  }
  std::string text =
      fmt::format("{} of {} voters are connected{}, and {} are needed", voters - missing.size(),
                  voters, is_one ? ", this one included" : "", voters / 2 + 1);
  if (!missing.empty()) text += "; no connection to " + listed(missing);
  return text + ".";
}

std::string votes(const Facts& facts, std::string_view what) {
  const raft::Node& node = facts.member.node();
  std::vector<raft::NodeId> yes;
  if (const raft::Votes* granted = node.find_votes()) {
    for (const raft::NodeId id : node.configuration().ids()) {
      if (granted->granted(id)) yes.push_back(id);
    }
  }
  return fmt::format("It asks for {} in term {}, and so far {}.", what, node.term().value(),
                     yes.empty() ? "nobody said yes" : "these said yes: " + listed(yes));
}

}  // namespace

Status status_of(const Facts& facts) {
  const raft::Node& node = facts.member.node();
  const raft::Leader* leadership = node.find_leadership();
  Status status;
  status.id = node.id();
  status.role = role_name(node.role());
  status.term = node.term().value();
  status.leader = node.leader();
  const auto where = facts.options.clients.find(node.leader().value_or(raft::NodeId{}));
  if (where != facts.options.clients.end()) status.leader_clients = where->second.text();
  status.commit = node.commit().value();
  status.applied = facts.member.replica().applied().value();
  status.last_index = node.last().index.value();
  status.last_term = node.last().term.value();
  status.waiting = facts.member.replica().waiting();
  status.clients = facts.clients;
  status.keys = facts.machine.size();
  status.sessions = facts.sessions.table().records().size();
  status.uptime_seconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(facts.uptime).count());
  status.storage = storage_of(facts);
  const raft::Configuration& configuration = node.configuration();
  for (const raft::NodeId id : configuration.ids()) {
    MemberStatus member{id, configuration.find(id)->address, "outgoing", true, std::nullopt};
    if (configuration.has_learner(id)) member.part = "learner";
    if (std::ranges::count(configuration.voters, id, &raft::Member::id) > 0) member.part = "voter";
    if (id != node.id()) member.connected = facts.member.transport().is_up(id);
    const raft::Progress* progress =
        leadership == nullptr ? nullptr : leadership->find_progress(id);
    if (progress != nullptr) member.match = progress->match().value();
    status.members.push_back(std::move(member));
  }
  return status;
}

std::string why_not_leader(const Facts& facts) {
  const raft::Node& node = facts.member.node();
  const std::uint64_t term = node.term().value();
  if (node.role() == raft::Role::Leader) return fmt::format("It leads, in term {}.", term);
  if (node.configuration().empty()) {
    return "It belongs to no cluster yet: it waits to be added (RAFT ADD, at the leader).";
  }
  // It may ask for votes all the same, as long as it does not know that its removal is committed.
  if (!node.configuration().has_voter(node.id())) {
    return "It is no voter: it is a learner, or was removed.";
  }
  switch (node.role()) {
    case raft::Role::PreCandidate:
      return votes(facts, "pre-votes") + " " + connections(facts);
    case raft::Role::Candidate:
      return votes(facts, "votes") + " " + connections(facts);
    case raft::Role::Follower:
    case raft::Role::Leader:
      break;
  }
  if (node.floor().index > raft::LogIndex()) {
    return "Its disk lost entries that it had acknowledged: until a leader has sent them again, it "
           "neither votes nor leads.";
  }
  if (node.leader()) {
    return fmt::format("Node {} leads in term {}, and this node follows it.", node.leader()->value,
                       term);
  }
  return fmt::format(
      "It knows no leader in term {}, and waits for one before it stands for election. {}", term,
      connections(facts));
}

}  // namespace server
