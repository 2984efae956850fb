// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/raftkv_membership.h"

#include <algorithm>
#include <array>
#include <thread>

#include "check/cluster/raftkv_cluster.h"
#include "check/cluster/resp_client.h"

namespace check::cluster {
namespace {

using base::Error;
using base::ErrorCode;
using std::chrono::milliseconds;

constexpr milliseconds kQuestion{900};
constexpr milliseconds kChange{2000};  // It takes a majority.
constexpr milliseconds kAgain{50};

}  // namespace

base::Status RaftkvMembership::ask(NodeId asked, Words words, std::string_view already,
                                   const Deadline& deadline) const {
  const auto error = [&](const std::string& note) {
    return Error{ErrorCode::Unavailable, hosts_.name(asked) + ": " + note};
  };
  RespClient resp(hosts_.address(asked), RaftkvCluster::kClientPort);
  // Who has just answered a linearizable read has heard of all that was agreed before: that it has
  // no such member, say, is true now.
  const std::array<std::string_view, 2> read = {"GET", "seaworthy-members"};
  const Exchange<RespReply> first = resp.call(read, deadline.within(kQuestion));
  if (const auto* broken = std::get_if<Broken>(&first)) return error(broken->note);
  if (std::get<RespReply>(first).kind == RespReply::Kind::Error) {
    return error(std::get<RespReply>(first).text);
  }
  const Exchange<RespReply> then = resp.call(words, deadline.within(kChange));
  if (const auto* broken = std::get_if<Broken>(&then)) return error(broken->note);
  const auto& reply = std::get<RespReply>(then);
  if (reply.kind != RespReply::Kind::Error || reply.text == already) return base::Done{};
  return error(reply.text);
}

base::Status RaftkvMembership::ask(Words words, std::string_view already,
                                   const Deadline& deadline) {
  Error last{ErrorCode::Timeout, "no node was asked in time"};
  while (!deadline.passed()) {
    for (std::uint32_t k = 1; k <= hosts_.nodes() && !deadline.passed(); ++k) {
      if (!hosts_.running(NodeId{k})) continue;
      base::Status done = ask(NodeId{k}, words, already, deadline);
      if (done.ok()) return done;
      // That a node does not lead says less than why the leader did not do it.
      const bool leads = done.error().message.find("does not lead") == std::string::npos;
      if (leads || last.code == ErrorCode::Timeout) last = done.error();
    }
    std::this_thread::sleep_for(std::min(kAgain, deadline.left()));
  }
  return last;
}

base::Status RaftkvMembership::remove(NodeId node, milliseconds limit) {
  const std::string id = std::to_string(node.value);
  const std::array<std::string_view, 3> words = {"RAFT", "REMOVE", id};
  TRY([[maybe_unused]] const base::Done removed,
      ask(words, "ERR node " + id + " is no member", Deadline::after(limit)));
  const std::lock_guard<std::mutex> guard(mutex_);
  removed_.insert(node);
  return base::Done{};
}

// Of who was removed: if it is a member already, the answer to an earlier wish was lost.
base::Status RaftkvMembership::add(NodeId node, milliseconds limit) {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (!removed_.contains(node)) {
      return Error{ErrorCode::InvalidArgument, hosts_.name(node) + " is a member already"};
    }
  }
  const std::string id = std::to_string(node.value);
  const std::string address = RaftkvCluster::peer_address(hosts_, node);
  const std::array<std::string_view, 4> words = {"RAFT", "ADD", id, address};
  TRY([[maybe_unused]] const base::Done added,
      ask(words, "ERR node " + id + " is a member already", Deadline::after(limit)));
  const std::lock_guard<std::mutex> guard(mutex_);
  removed_.erase(node);
  joined_.insert(node);
  return base::Done{};
}

base::Status RaftkvMembership::admit(NodeId node, milliseconds limit) {
  const std::string id = std::to_string(node.value);
  const std::array<std::string_view, 3> words = {"RAFT", "PROMOTE", id};
  return ask(words, "ERR node " + id + " is no learner", Deadline::after(limit));
}

// A cluster that is electing is waited for.
base::Result<NodeId> RaftkvMembership::leader(const Deadline& deadline) const {
  const std::array<std::string_view, 2> words = {"INFO", "raft"};
  while (!deadline.passed()) {
    for (std::uint32_t k = 1; k <= hosts_.nodes() && !deadline.passed(); ++k) {
      if (!hosts_.running(NodeId{k})) continue;
      RespClient resp(hosts_.address(NodeId{k}), RaftkvCluster::kClientPort);
      const Exchange<RespReply> told = resp.call(words, deadline.within(kQuestion));
      const auto* reply = std::get_if<RespReply>(&told);
      if (reply != nullptr && parse_info(reply->text).leader) return NodeId{k};
    }
    std::this_thread::sleep_for(std::min(kAgain, deadline.left()));
  }
  return Error{ErrorCode::Unavailable, "no node says that it leads"};
}

// That a leader does not hand over, or dies over it, is an answer, too.
base::Result<std::string> RaftkvMembership::transfer(NodeId to, milliseconds limit) {
  const Deadline deadline = Deadline::after(limit);
  TRY(const NodeId from, leader(deadline));
  if (from == to) return hosts_.name(to) + " leads already";
  const std::string id = std::to_string(to.value);
  const std::array<std::string_view, 3> words = {"RAFT", "TRANSFER", id};
  RespClient resp(hosts_.address(from), RaftkvCluster::kClientPort);
  const Exchange<RespReply> exchange = resp.call(words, deadline);
  const std::string asked = hosts_.name(from) + " was asked to hand over to " + hosts_.name(to);
  const auto* reply = std::get_if<RespReply>(&exchange);
  if (reply == nullptr) return asked + ": " + std::get<Broken>(exchange).note;
  if (reply->kind == RespReply::Kind::Error) return asked + ", and answered: " + reply->text;
  return asked + ", and has";
}

bool RaftkvMembership::joined(NodeId node) const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return joined_.contains(node);
}

}  // namespace check::cluster
