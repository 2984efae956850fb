// SPDX-License-Identifier: Apache-2.0
#include "server/router.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "server/info.h"

namespace server {
namespace {

// An answer to a forwarded request that is longer than this cannot be passed on.
constexpr std::size_t kMaxForwardedReplyBytes = std::size_t{48} * 1024 * 1024;

replica::Done error_reply(const std::string& text) {
  replica::Done done;
  done.reply.value.emplace<kv::Error>().text = text;
  return done;
}

replica::Outcome outcome_of(codec::ForwardReply reply) {
  if (auto* done = std::get_if<codec::ForwardDone>(&reply.outcome)) {
    base::Result<kv::Reply> decoded = kv::decode_reply(done->payload);
    replica::Outcome outcome = replica::Unknown{};
    if (decoded.ok()) outcome.emplace<replica::Done>().reply = std::move(decoded).value();
    return outcome;
  }
  if (const auto* not_done = std::get_if<codec::ForwardNotDone>(&reply.outcome)) {
    const bool full = not_done->reason == codec::ForwardNotDone::Reason::Overloaded;
    return replica::NotDone{full ? replica::NotDone::Reason::Overloaded
                                 : replica::NotDone::Reason::NotLeader};
  }
  return replica::Unknown{};
}

}  // namespace

void Router::connect(replica::Replica& replica, Peers& peers, Clients& clients) {
  replica_ = &replica;
  peers_ = &peers;
  clients_ = &clients;
}

void Router::dispatch() {
  for (const ClientId id : clients_->take_waiting()) {
    if (Client* client = clients_->find(id)) dispatch(*client);
  }
}

void Router::dispatch(Client& client) {
  const std::optional<raft::NodeId> leader = replica_->node().leader();
#ifdef SEAWORTHY_BROKEN
  // A leader that was deposed believes in itself until it hears of another, and reads from memory.
  if (leader) believed_leader_ = leader;
  const raft::NodeId self = replica_->node().id();
  while (replica_->config().broken == replica::Broken::StaleRead && believed_leader_ == self) {
    const auto read = client.pipeline().next_for(self);
    if (!read || client.pipeline().ask(*read).is_write()) break;
    const replica::Done done{replica_->machine().read(client.pipeline().ask(*read).query)};
    client.sent(*read, self, last_request_);
    client.resolve(*read, done);
  }
#endif
  while (leader) {
    const std::optional<Pipeline::Ticket> ticket = client.pipeline().next_for(*leader);
    if (!ticket || !send_request(client, *ticket, *leader)) break;
  }
  if (client.pipeline().has_unsent()) clients_->wait_for_time(client.id());
}

// False: it could not be sent, and waits.
bool Router::send_request(Client& client, Pipeline::Ticket ticket, raft::NodeId leader) {
  const replica::RequestId id = last_request_.next();
  const Ask& ask = client.pipeline().ask(ticket);
  const bool here = leader == replica_->node().id();
  if (!here) {
    using Kind = codec::Forward::Kind;
    const codec::Forward forward{id.value(), ask.is_write() ? Kind::Write : Kind::Read,
                                 ask.is_write() ? *ask.command : kv::encode(ask.query)};
    if (!peers_->forward(leader, forward)) return false;
  }
  last_request_ = id;
  pending_.emplace(id.value(), Pending{FromClient{client.id(), ticket},
                                       here ? std::nullopt : std::optional(leader)});
  const std::optional<replica::RequestId> after = client.pipeline().last_write();
  if (!here) {
    client.sent(ticket, leader, id);
    return true;
  }
  // Copies, for it may be answered at once.
  raft::Payload command = ask.command;
  kv::Query query = ask.query;
  client.sent(ticket, leader, id);
  if (command != nullptr) {
    replica_->write(id, std::move(command));
  } else {
    replica_->read(id, std::move(query), after);
  }
  return true;
}

void Router::flush() {
  peers_->flush();
  clients_->flush();
}

void Router::answer(replica::RequestId id, replica::Outcome outcome) {
  const auto found = pending_.find(id.value());
  if (found == pending_.end()) return;
  const Pending pending = found->second;
  pending_.erase(found);
  if (const auto* peer = std::get_if<FromPeer>(&pending.origin))
    return answer_peer(*peer, std::move(outcome));
  const auto& origin = std::get<FromClient>(pending.origin);
  if (Client* client = clients_->find(origin.client)) client->resolve(origin.ticket, outcome);
}

void Router::answer_peer(const FromPeer& origin, replica::Outcome outcome) {
  codec::ForwardReply reply{origin.sequence, codec::ForwardUnknown{}};
  if (const auto* done = std::get_if<replica::Done>(&outcome)) {
    std::string payload = kv::encode(done->reply);
    if (payload.size() > kMaxForwardedReplyBytes) {
      constexpr const char* kTooLong = "ERR the answer is too long to be passed on: ask the leader";
      payload = kv::encode(error_reply(kTooLong).reply);
    }
    reply.outcome = codec::ForwardDone{std::move(payload)};
  } else if (const auto* not_done = std::get_if<replica::NotDone>(&outcome)) {
    const bool full = not_done->reason == replica::NotDone::Reason::Overloaded;
    using Reason = codec::ForwardNotDone::Reason;
    reply.outcome = codec::ForwardNotDone{full ? Reason::Overloaded : Reason::NotLeader,
                                          replica_->node().leader()};
  }
  peers_->reply(origin.inbound, reply);
}

void Router::on_message(raft::NodeId from, raft::Message message) {
  replica_->receive(from, std::move(message));
}

void Router::on_forward(raft::NodeId from, InboundId inbound, codec::Forward forward) {
  const replica::RequestId id = last_request_ = last_request_.next();
  pending_.emplace(id.value(), Pending{FromPeer{inbound, forward.sequence}, std::nullopt});
  if (forward.kind == codec::Forward::Kind::Write) {
    last_forwarded_write_[from] = id;
    replica_->write(id, std::make_shared<const std::string>(std::move(forward.payload)));
    return;
  }
  base::Result<kv::Query> query = kv::decode_query(forward.payload);
  if (!query.ok()) {
    replica::Outcome outcome = error_reply("ERR " + query.error().message);
    return answer(id, std::move(outcome));
  }
  const auto last = last_forwarded_write_.find(from);
  replica_->read(id, std::move(query).value(),
                 last == last_forwarded_write_.end() ? std::nullopt : std::optional(last->second));
}

void Router::on_forward_reply(raft::NodeId from, codec::ForwardReply reply) {
  const auto found = pending_.find(reply.sequence);
  if (found == pending_.end() || found->second.forwarded_to != from) return;
  const replica::RequestId id(reply.sequence);
  answer(id, outcome_of(std::move(reply)));
}

void Router::on_link_down(raft::NodeId peer) {
  std::vector<std::uint64_t> lost;
  for (const auto& [id, pending] : pending_) {
    if (pending.forwarded_to == peer) lost.push_back(id);
  }
  std::sort(lost.begin(), lost.end());
  for (const std::uint64_t id : lost) answer(replica::RequestId(id), replica::Unknown{});
}

void Router::note_changes() {
  const raft::Node& node = replica_->node();
  const Seen now{node.role(), node.term(), node.leader()};
  if (now == seen_) return;
  seen_ = now;
  log_.event("raft", fmt::format("role={} term={} leader={} last={} commit={}", role_name(now.role),
                                 now.term.value(), now.leader ? now.leader->value : 0,
                                 node.last().index.value(), node.commit().value()));
}

}  // namespace server
