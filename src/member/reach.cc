// SPDX-License-Identifier: Apache-2.0
#include "member/reach.h"

#include <utility>

namespace member {

bool Reach::follow(const raft::Node& node, std::uint64_t now) {
  const raft::Configuration& current = node.configuration();
  if (settled_ && current == current_) return false;
  const transport::Peers before = peers_;
  const bool committed = node.commit() >= node.configuration_index();
  if (!committed) want(node.configuration_at(node.commit()), now);
  want(current, now);
  current_ = current;
  // As long as the core itself sends the log to those who left (raft::Leader::reconfigure).
  const std::uint64_t patience = node.config().election_ticks_max;
  std::erase_if(wanted_at_, [&](const auto& one) { return one.second + patience < now; });
  std::erase_if(peers_, [&](const auto& one) { return wanted_at_.count(one.first) == 0; });
  settled_ = committed;
  for (const auto& [id, at] : wanted_at_) settled_ = settled_ && at == now;
  return peers_ != before;
}

void Reach::want(const raft::Configuration& configuration, std::uint64_t now) {
  for (const raft::NodeId id : configuration.ids()) {
    base::Result<os::HostPort> where = os::parse_host_port(configuration.find(id)->address);
    if (!where.ok()) continue;
    peers_.insert_or_assign(id, std::move(where).value());
    wanted_at_[id] = now;
  }
}

}  // namespace member
