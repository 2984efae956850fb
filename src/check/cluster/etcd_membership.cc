// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/etcd_membership.h"

#include <algorithm>
#include <thread>

#include "check/cluster/etcd_gateway.h"

namespace check::cluster {
namespace {

using base::Error;
using base::ErrorCode;
using std::chrono::milliseconds;

constexpr milliseconds kQuestion{900};
constexpr milliseconds kChange{3000};  // It takes a majority.
constexpr milliseconds kAgain{50};

}  // namespace

std::string EtcdMembership::peer_url(NodeId node) const {
  return etcd_gateway::url(hosts_, node, etcd_gateway::kPeerPort);
}

base::Result<EtcdMembership::List> EtcdMembership::list(NodeId asked, const Deadline& deadline) {
  TRY(const std::string body, etcd_gateway::ask(hosts_, asked, "/v3/cluster/member/list", "{}",
                                                deadline.within(kQuestion)));
  TRY(List members, etcd_json::members_answer(body));
  const std::lock_guard<std::mutex> guard(mutex_);
  for (const etcd_json::Member& member : members) {
    for (std::uint32_t k = 1; k <= hosts_.nodes(); ++k) {
      if (member.peer_url == peer_url(NodeId{k})) nodes_[member.id] = NodeId{k};
    }
  }
  return members;
}

// Every node tells its own list, and etcd 3.4 can be asked for no other. Who has just answered a
// linearizable read has heard of all that was agreed before.
base::Result<EtcdMembership::List> EtcdMembership::present_list(NodeId asked,
                                                                const Deadline& deadline) {
  TRY([[maybe_unused]] const std::string body,
      etcd_gateway::ask(hosts_, asked, "/v3/kv/range", etcd_json::range_request("members"),
                        deadline.within(kChange)));
  return list(asked, deadline);
}

// A node that has not heard of everything yet may name one that is gone.
std::optional<std::uint64_t> EtcdMembership::present_id(const List& members, NodeId node) const {
  const std::lock_guard<std::mutex> guard(mutex_);
  for (const etcd_json::Member& member : members) {
    if (member.peer_url == peer_url(node) && !removed_.contains(member.id)) return member.id;
  }
  return std::nullopt;
}

template <class TryOne>
base::Status EtcdMembership::one_of_the_others(NodeId node, const Deadline& deadline,
                                               TryOne try_one) {
  Error last{ErrorCode::Timeout, "no other node was asked in time"};
  while (!deadline.passed()) {
    for (std::uint32_t k = 1; k <= hosts_.nodes(); ++k) {
      const NodeId asked{k};
      if (asked == node || !hosts_.running(asked)) continue;
      base::Status done = try_one(asked);
      if (done.ok()) return done;
      last = done.error();
    }
    std::this_thread::sleep_for(std::min(kAgain, deadline.left()));
  }
  return last;
}

// An answer that is lost leaves open whether the change was made: the next list tells.
base::Status EtcdMembership::remove(NodeId node, milliseconds limit) {
  const Deadline deadline = Deadline::after(limit);
  std::optional<std::uint64_t> removed;
  base::Status done = one_of_the_others(node, deadline, [&](NodeId asked) -> base::Status {
    TRY(const List members, present_list(asked, deadline));
    const auto id = present_id(members, node);
    if (!id) return base::Done{};
    removed = id;
    TRY([[maybe_unused]] const std::string body,
        etcd_gateway::ask(hosts_, asked, "/v3/cluster/member/remove",
                          etcd_json::member_request(*id), deadline.within(kChange)));
    return base::Done{};
  });
  if (!done.ok()) return done;
  const std::lock_guard<std::mutex> guard(mutex_);
  if (removed) removed_.insert(*removed);
  return done;
}

base::Status EtcdMembership::add(NodeId node, milliseconds limit) {
  const Deadline deadline = Deadline::after(limit);
  return one_of_the_others(node, deadline, [&](NodeId asked) -> base::Status {
    TRY(const List members, present_list(asked, deadline));
    if (present_id(members, node)) {
      if (wants(node)) return join(node, members);
      return Error{ErrorCode::InvalidArgument, hosts_.name(node) + " is a member already"};
    }
    {
      const std::lock_guard<std::mutex> guard(mutex_);
      wanted_.insert(node);
    }
    TRY(const std::string body,
        etcd_gateway::ask(hosts_, asked, "/v3/cluster/member/add",
                          etcd_json::new_member_request(peer_url(node)), deadline.within(kChange)));
    TRY(const List now, etcd_json::members_answer(body));
    return join(node, now);
  });
}

bool EtcdMembership::wants(NodeId node) const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return wanted_.contains(node);
}

// A new member has to know the others as they are.
base::Status EtcdMembership::join(NodeId node, const List& members) {
  std::string initial;
  for (std::uint32_t k = 1; k <= hosts_.nodes(); ++k) {
    const std::string url = peer_url(NodeId{k});
    if (std::ranges::find(members, url, &etcd_json::Member::peer_url) == members.end()) continue;
    initial += (initial.empty() ? "" : ",") + hosts_.name(NodeId{k}) + "=" + url;
  }
  const std::lock_guard<std::mutex> guard(mutex_);
  joined_[node] = initial;
  wanted_.erase(node);
  return base::Done{};
}

base::Result<NodeId> EtcdMembership::leader(const Deadline& deadline) const {
  for (std::uint32_t k = 1; k <= hosts_.nodes(); ++k) {
    const auto body = etcd_gateway::ask(hosts_, NodeId{k}, "/v3/maintenance/status", "{}",
                                        deadline.within(kQuestion));
    if (!body.ok()) continue;
    const auto status = etcd_json::status_answer(body.value());
    if (status.ok() && status.value().leader == status.value().member) return NodeId{k};
  }
  return Error{ErrorCode::Unavailable, "no node says that it leads"};
}

// Only the leader can hand over.
base::Result<std::string> EtcdMembership::transfer(NodeId to, milliseconds limit) {
  const Deadline deadline = Deadline::after(limit);
  TRY(const NodeId from, leader(deadline));
  if (from == to) return hosts_.name(to) + " leads already";
  TRY(const List members, list(from, deadline));
  const auto id = present_id(members, to);
  if (!id) return Error{ErrorCode::NotFound, hosts_.name(to) + " is no member"};
  const auto answer = etcd_gateway::ask(hosts_, from, "/v3/maintenance/transfer-leadership",
                                        etcd_json::transfer_request(*id), deadline);
  const std::string asked = hosts_.name(from) + " was asked to hand over to " + hosts_.name(to);
  return asked + (answer.ok() ? ", and has" : ", and answered: " + answer.error().message);
}

std::optional<NodeId> EtcdMembership::node_of(std::uint64_t member, NodeId asked,
                                              const Deadline& deadline) {
  const auto known = [&]() -> std::optional<NodeId> {
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto found = nodes_.find(member);
    return found == nodes_.end() ? std::nullopt : std::optional(found->second);
  };
  if (const std::optional<NodeId> node = known()) return node;
  if (!list(asked, deadline).ok()) return std::nullopt;
  return known();
}

std::optional<std::string> EtcdMembership::joined(NodeId node) const {
  const std::lock_guard<std::mutex> guard(mutex_);
  const auto found = joined_.find(node);
  return found == joined_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace check::cluster
