// SPDX-License-Identifier: Apache-2.0
#include "check/rules/roles.h"

namespace check::rules {
namespace {

using wire::MessageType;

// What a node is that sends such a message; Unknown: the message does not tell.
Role role_of_sender(const wire::Message& message) {
  switch (message.type) {
    case MessageType::AppendEntries:
    case MessageType::Heartbeat:
    case MessageType::InstallSnapshot:
    case MessageType::TimeoutNow:
      return Role::Leader;
    case MessageType::RequestVote:
    case MessageType::PreVote:
      return Role::Candidate;
    case MessageType::AppendReply:
    case MessageType::HeartbeatReply:
    case MessageType::SnapshotReply:
      return Role::Follower;
    case MessageType::RequestVoteReply:  // Who refuses may be anything.
      return message.success == true ? Role::Follower : Role::Unknown;
    case MessageType::PreVoteReply:
    case MessageType::ReadIndex:
    case MessageType::ReadIndexReply:
    case MessageType::Propose:
    case MessageType::ProposeReply:
    case MessageType::Other:
      break;
  }
  return Role::Unknown;
}

}  // namespace

void Roles::observe(const wire::Observation& seen) {
  const wire::Message& message = seen.message;
  if (!group_) group_ = message.group;
  if (message.group != *group_ || seen.from.value == 0) return;
  const Role role = role_of_sender(message);
  if (role == Role::Unknown) return;
  State& state = nodes_[seen.from];
  // Connections deliver old messages late.
  const bool stated = message.term.has_value() && message.term_entered;
  if (stated && *message.term < state.term) return;
  state.role = role;
  if (stated) state.term = *message.term;
  if (role == Role::Leader && stated && *message.term >= leader_term_) {
    leader_ = seen.from;
    leader_term_ = *message.term;
  }
}

void Roles::forget(history::NodeId node) {
  nodes_.erase(node);
  if (leader_ == node) leader_term_ = wire::Term();
}

Role Roles::role(history::NodeId node) const {
  const auto found = nodes_.find(node);
  return found == nodes_.end() ? Role::Unknown : found->second.role;
}

}  // namespace check::rules
