// SPDX-License-Identifier: Apache-2.0
#include "check/run/leader_count.h"

namespace check::run {

namespace {

bool is_of_leader(wire::MessageType type) {
  return type == wire::MessageType::AppendEntries || type == wire::MessageType::Heartbeat ||
         type == wire::MessageType::InstallSnapshot;
}

}  // namespace

bool LeaderCount::begins(const wire::Message& message) {
  if (!is_of_leader(message.type) || !message.term) return false;
  const auto known = newest_.find(message.group);
  if (known == newest_.end()) {
    if (newest_.size() >= kMostGroups) return false;
    newest_.emplace(message.group, *message.term);
    return true;
  }
  if (*message.term <= known->second) return false;
  known->second = *message.term;
  return true;
}

}  // namespace check::run
