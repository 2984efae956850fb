// SPDX-License-Identifier: Apache-2.0
#include "server/member_admin.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

#include "raft/configuration.h"
#include "raft/quorum.h"
#include "server/answers.h"

namespace server {
namespace {

using Reason = replica::NotDone::Reason;

base::Error impossible(std::string why) {
  return {base::ErrorCode::InvalidArgument, std::move(why)};
}

void erase(std::vector<raft::Member>& members, raft::NodeId id) {
  std::erase_if(members, [id](const raft::Member& member) { return member.id == id; });
}

void insert(std::vector<raft::Member>& members, raft::Member member) {
  members.push_back(std::move(member));
  std::ranges::sort(members, {}, &raft::Member::id);
}

const char* words_of(Reason reason) {
  switch (reason) {
    case Reason::Overloaded:
      return "NOTDONE too many requests are waiting";
    case Reason::TooLong:
      return "NOTDONE it is too long for what the nodes talk over";
    case Reason::Transferring:
      return "NOTDONE leadership is on its way to another node";
    case Reason::ChangePending:
      return "NOTDONE an earlier change is not finished: wait, and look at RAFT STATUS";
    case Reason::NotReady:
      return "NOTDONE this leader is too new: nothing of its term is committed yet; try again";
    case Reason::NotCaughtUp:
      return "NOTDONE the node lacks too much of the log; RAFT STATUS shows how far it is";
    case Reason::Invalid:
      return "ERR that would be no cluster: at least one voter must stay";
    case Reason::Failed:
      return "NOTDONE it failed: the other node did not take over in time, or the disk refused";
    case Reason::NotLeader:
      break;
  }
  return "NOTDONE nobody is known to lead";
}

kv::Reply error(std::string text) { return {kv::Error{std::move(text)}}; }

}  // namespace

void MemberAdmin::connect(member::Member& member, member::Owner& owner) {
  member_ = &member;
  owner_ = &owner;
}

void MemberAdmin::submit(member::Token token, const AdminRequest& request) {
  if (std::holds_alternative<TakeSnapshot>(request)) return member_->take_snapshot(enter(token));
  if (member_->node().role() != raft::Role::Leader) {
    return answer(token, reply_to(replica::NotDone{Reason::NotLeader}));
  }
  if (const auto* wish = std::get_if<TransferLeadership>(&request)) return transfer(token, *wish);
  // What is not agreed to is neither so nor not.
  const raft::Node& node = member_->node();
  if (node.configuration_index() > node.commit() || node.configuration().is_joint()) {
    return answer(token, reply_to(replica::NotDone{Reason::ChangePending}));
  }
  if (const auto* add = std::get_if<AddMember>(&request)) return change(token, with(*add));
  if (const auto* promote = std::get_if<PromoteMember>(&request)) {
    return change(token, with(*promote));
  }
  change(token, with(std::get<RemoveMember>(request)));
}

void MemberAdmin::on_answer(std::uint64_t wish, const replica::Outcome& outcome) {
  const auto found = wishes_.find(wish);
  if (found == wishes_.end()) return;
  const member::Token token = found->second;
  wishes_.erase(found);
  answer(token, reply_to(outcome));
}

void MemberAdmin::answer(member::Token token, const kv::Reply& reply) {
  owner_->on_answer(token, replica::Done{answer_of(reply)});
}

// No client has the number 0: the answer to such a token is for on_answer().
member::Token MemberAdmin::enter(member::Token token) {
  wishes_.emplace(++last_wish_, token);
  return {0, last_wish_};
}

void MemberAdmin::change(member::Token token, const base::Result<raft::Configuration>& target) {
  if (!target.ok()) return answer(token, error("ERR " + target.error().message));
  member_->change_membership(enter(token), target.value());
}

void MemberAdmin::transfer(member::Token token, const TransferLeadership& transfer) {
  const std::optional<raft::NodeId> to = transfer.to ? transfer.to : member_->best_successor();
  if (!to) return answer(token, error("NOTDONE this leader hears no other voter"));
  const raft::Node& node = member_->node();
  if (*to == node.id())
    return answer(token, error(fmt::format("ERR node {} leads already", to->value)));
  if (!node.configuration().has_voter(*to))
    return answer(token, error(fmt::format("ERR node {} is no voter", to->value)));
  member_->transfer(enter(token), *to);
}

base::Result<raft::Configuration> MemberAdmin::with(const AddMember& add) const {
  raft::Configuration target = member_->node().configuration();
  target.outgoing.clear();
  for (const raft::NodeId id : target.ids()) {
    if (id == add.id) return impossible(fmt::format("node {} is a member already", id.value));
    if (target.find(id)->address == add.address.text()) {
      return impossible(fmt::format("node {} is at {}", id.value, add.address.text()));
    }
  }
  if (target.learners.size() == raft::kMaxLearners)
    return impossible(fmt::format("there are {} learners already", raft::kMaxLearners));
  insert(target.learners, {add.id, add.address.text()});
  return target;
}

base::Result<raft::Configuration> MemberAdmin::with(const PromoteMember& promote) const {
  raft::Configuration target = member_->node().configuration();
  target.outgoing.clear();
  if (!target.has_learner(promote.id)) {
    return impossible(fmt::format("node {} is no learner", promote.id.value));
  }
  if (target.voters.size() == raft::kMaxVoters)
    return impossible(fmt::format("there are {} voters already", raft::kMaxVoters));
  raft::Member member = *target.find(promote.id);
  erase(target.learners, promote.id);
  insert(target.voters, std::move(member));
  return target;
}

base::Result<raft::Configuration> MemberAdmin::with(const RemoveMember& remove) const {
  raft::Configuration target = member_->node().configuration();
  target.outgoing.clear();
  if (target.find(remove.id) == nullptr) {
    return impossible(fmt::format("node {} is no member", remove.id.value));
  }
  erase(target.voters, remove.id);
  erase(target.learners, remove.id);
  return target;
}

kv::Reply MemberAdmin::reply_to(const replica::Outcome& outcome) const {
  if (std::holds_alternative<replica::Done>(outcome)) return {kv::Status{"OK"}};
  const auto* not_done = std::get_if<replica::NotDone>(&outcome);
  if (not_done == nullptr) {
    return error("UNKNOWN it may or may not take effect: leadership was lost; see RAFT STATUS");
  }
  const std::optional<raft::NodeId> leader = member_->node().leader();
  if (not_done->reason != Reason::NotLeader || !leader) return error(words_of(not_done->reason));
  return error(fmt::format("NOTDONE ask node {}, which leads", leader->value));
}

}  // namespace server
