// SPDX-License-Identifier: Apache-2.0
#include "member/member.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace member {
namespace {

using NotDoneReason = replica::NotDone::Reason;
using ForwardReason = codec::ForwardNotDone::Reason;

replica::Outcome outcome_of(codec::ForwardReply reply) {
  if (auto* done = std::get_if<codec::ForwardDone>(&reply.outcome)) {
    return replica::Done{std::move(done->payload)};
  }
  if (const auto* not_done = std::get_if<codec::ForwardNotDone>(&reply.outcome)) {
    const bool full = not_done->reason == ForwardReason::Overloaded;
    return replica::NotDone{full ? NotDoneReason::Overloaded : NotDoneReason::NotLeader};
  }
  return replica::Unknown{};
}

}  // namespace

base::Result<std::unique_ptr<Member>> Member::open(const Ground& ground, const Config& config,
                                                   const OpenTransport& open_transport) {
  std::unique_ptr<Member> member(new Member(ground.owner, config));
  TRY(member->transport_, open_transport(*member));
  raft::Config& raft = member->config_.replica.raft;
  raft.max_append_bytes =
      std::min(raft.max_append_bytes, member->transport_->limits().append_bytes);
  raft.snapshot_chunk_bytes =
      std::min(raft.snapshot_chunk_bytes, member->transport_->limits().chunk_bytes);
  TRY(replica::Replica replica,
      replica::Replica::open({ground.disk, ground.machine, *member}, member->config_.replica));
  member->replica_.emplace(std::move(replica));
  return member;
}

Member::~Member() = default;

bool Member::submit(Token token, raft::NodeId leader, Request request) {
  const replica::RequestId id = next_request();
  if (request.command != nullptr) {
    if (auto refused = refusal(request.command->size())) {
      owner_.on_answer(token, std::move(*refused));
      return true;
    }
  }
  const bool here = leader == node().id();
  if (!here) {
    codec::Forward forward{id.value(), codec::Forward::Kind::Read, std::move(request.query)};
    if (request.command != nullptr) {
      forward.kind = codec::Forward::Kind::Write;
      forward.payload = *request.command;
    }
    if (!transport_->forward(leader, forward)) return false;
  }
  if (!here) asked_[leader] = ticks_;
  last_request_ = id;
  pending_.add(id.value(), Pending{token, here ? std::nullopt : std::optional(leader)});
  if (!here) return true;
  if (request.command != nullptr) {
    replica_->write(id, std::move(request.command));
  } else {
    replica_->read(id, std::move(request.query), request.after);
  }
  return true;
}

std::optional<replica::Outcome> Member::refusal(std::size_t bytes) const {
  const std::uint64_t limit = transport_->limits().entry_bytes;
  if (bytes <= limit) return std::nullopt;
  if (!config_.too_large) return replica::NotDone{NotDoneReason::TooLong};
  return replica::Done{config_.too_large(bytes, limit)};
}

replica::RequestId Member::enter(Token token) {
  last_request_ = last_request_.next();
  pending_.add(last_request_.value(), Pending{token, std::nullopt});
  return last_request_;
}

void Member::change_membership(Token token, raft::Configuration target) {
  // On the way to other voters it is joint: an entry that has the voters of both.
  raft::Configuration joint = target;
  const std::vector<raft::Member>& voters = node().configuration().voters;
  if (target.voters != voters) joint.outgoing = voters;
  const bool is_one = raft::validate(joint).ok() && node().role() == raft::Role::Leader;
  if (is_one && raft::encode(joint).size() > transport_->limits().entry_bytes) {
    return owner_.on_answer(token, replica::NotDone{NotDoneReason::TooLong});
  }
  replica_->change_membership(enter(token), std::move(target));
}

void Member::transfer(Token token, raft::NodeId to) { replica_->transfer(enter(token), to); }

std::optional<raft::NodeId> Member::best_successor() const {
  const raft::Leader* leadership = node().find_leadership();
  return leadership == nullptr ? std::nullopt : leadership->find_successor();
}

bool Member::is_outside() const {
  const raft::Configuration& configuration = node().configuration();
  return !node().leader() && !configuration.empty() && configuration.find(node().id()) == nullptr;
}

void Member::take_snapshot(Token token) { replica_->take_snapshot(enter(token)); }

// A configuration counts from the moment it is in the log, so its members must be reached from then
// on. One without addresses is for owners whose peers never change.
void Member::reach_peers() {
  if (!reach_.follow(node(), ticks_) && has_peers_) return;
  has_peers_ = true;
  transport_->set_peers(reach_.peers().empty() ? config_.peers : reach_.peers());
}

void Member::tick(std::chrono::nanoseconds now, std::uint64_t missed) {
  ticks_ += 1;
  replica_->tick(missed);
  transport_->on_time(now);
  give_up_former_leaders();
}

// A process that is stopped keeps its connections, and may never answer: who has not led for as
// long as an election takes is as good as gone. What it answers later finds nobody.
void Member::give_up_former_leaders() {
  const std::optional<raft::NodeId> leader = node().leader();
  if (leader && asked_.contains(*leader)) asked_[*leader] = ticks_;
  const std::uint64_t patience = node().config().election_ticks_max;
  std::vector<raft::NodeId> former;
  for (const auto& [peer, since] : asked_) {
    if (ticks_ - since >= patience) former.push_back(peer);
  }
  for (const raft::NodeId peer : former) {
    asked_.erase(peer);
    on_link_down(peer);
  }
}

base::Status Member::finish_turn() {
  reach_peers();
  TRY([[maybe_unused]] const auto finished, replica_->finish_turn());
  const Standing now{node().role(), node().term(), node().leader()};
  if (now != standing_) owner_.on_standing(standing_ = now);
  return base::Done{};
}

void Member::flush() {
  transport_->flush();
  owner_.on_flush();
}

void Member::answer(replica::RequestId id, replica::Outcome outcome) {
  const std::optional<Pending> pending = pending_.take(id.value());
  if (!pending) return;
  if (const auto* peer = std::get_if<FromPeer>(&pending->origin)) {
    answer_peer(*peer, std::move(outcome));
  } else {
    owner_.on_answer(std::get<Token>(pending->origin), std::move(outcome));
  }
}

void Member::answer_peer(const FromPeer& origin, replica::Outcome outcome) {
  codec::ForwardReply reply{origin.sequence, codec::ForwardUnknown{}};
  if (auto* done = std::get_if<replica::Done>(&outcome)) {
    const bool fits = done->answer.size() <= config_.max_passed_bytes;
    if (!fits) done->answer = origin.is_write ? config_.too_long_of_write : config_.too_long;
    reply.outcome = codec::ForwardDone{std::move(done->answer)};
  } else if (const auto* not_done = std::get_if<replica::NotDone>(&outcome)) {
    const bool full = not_done->reason == NotDoneReason::Overloaded;
    reply.outcome = codec::ForwardNotDone{
        full ? ForwardReason::Overloaded : ForwardReason::NotLeader, node().leader()};
  }
  transport_->reply(origin.inbound, reply);
}

void Member::on_message(raft::NodeId from, raft::Message message) {
  replica_->receive(from, std::move(message));
}

void Member::on_forward(raft::NodeId from, transport::InboundId inbound, codec::Forward forward) {
  const replica::RequestId id = last_request_ = last_request_.next();
  const bool is_write = forward.kind == codec::Forward::Kind::Write;
  pending_.add(id.value(), Pending{FromPeer{inbound, forward.sequence, is_write}, std::nullopt});
  if (is_write) {
    if (auto refused = refusal(forward.payload.size())) return answer(id, std::move(*refused));
    last_forwarded_write_[from] = id;
    replica_->write(id, std::make_shared<const std::string>(std::move(forward.payload)));
    return;
  }
  const auto last = last_forwarded_write_.find(from);
  replica_->read(id, std::move(forward.payload),
                 last == last_forwarded_write_.end() ? std::nullopt : std::optional(last->second));
}

void Member::on_forward_reply(raft::NodeId from, codec::ForwardReply reply) {
  const Pending* found = pending_.find(reply.sequence);
  if (found == nullptr || found->forwarded_to != from) return;
  const replica::RequestId id(reply.sequence);
  answer(id, outcome_of(std::move(reply)));
}

void Member::on_link_down(raft::NodeId peer) {
  std::vector<std::uint64_t> lost;
  pending_.visit([&](std::uint64_t id, const Pending& pending) {
    if (pending.forwarded_to == peer) lost.push_back(id);
  });
  for (const std::uint64_t id : lost) answer(replica::RequestId(id), replica::Unknown{});
}

}  // namespace member
