// SPDX-License-Identifier: Apache-2.0
#include "server/router.h"

#include <fmt/core.h>

#include <utility>

#include "os/clock.h"
#include "server/answers.h"
#include "server/info.h"

namespace server {
namespace {

constexpr const char* kNotLeader = "NOTDONE this node does not lead: ask the one that does";

constexpr const char* kRemoved =
    "NOTDONE this node was removed from the cluster: ask one of the others";

bool is_for_the_leader(const AdminRequest& request) {
  return !std::holds_alternative<TakeSnapshot>(request);
}

}  // namespace

void Router::connect(const Parts& parts) {
  member_ = &parts.member;
  machine_ = &parts.machine;
  values_ = &parts.values;
  clients_ = &parts.clients;
  admin_ = &parts.admin;
  client_addresses_ = &parts.client_addresses;
  counters_ = &parts.counters;
  request_timeout_ = parts.request_timeout;
  follower_reads_ = parts.follower_reads;
}

void Router::dispatch() {
  clients_->take_waiting(dispatched_);
  for (const ClientId id : dispatched_) {
    if (Client* client = clients_->find(id)) dispatch(*client);
  }
}

void Router::dispatch(Client& client) {
#ifdef SEAWORTHY_BROKEN
  // A leader that was deposed believes in itself until it hears of another, and reads from memory.
  if (const auto leader = member_->node().leader()) believed_leader_ = leader;
  const raft::NodeId self = member_->node().id();
  const bool stale = member_->replica().config().broken == replica::Broken::StaleRead;
  while (stale && believed_leader_ == self) {
    const auto read = client.pipeline().next_for(self);
    if (!read || client.pipeline().ask(*read).is_write()) break;
    client.sent(*read, self, {});
    client.resolve(*read, replica::Done{machine_->read(client.pipeline().ask(*read).query)});
  }
#endif
  while (const std::optional<raft::NodeId> node = target(client)) {
    const std::optional<Pipeline::Ticket> ticket = client.pipeline().next_for(*node);
    if (!ticket || client.is_held()) break;
    if (!redirect(client, *ticket, *node) && !send_request(client, *ticket, *node)) break;
  }
  if (member_->is_outside()) refuse_all(client);
  if (client.pipeline().has_unsent()) clients_->wait_for_time(client.id());
}

// What was not sent certainly is not done; what was keeps its place, and these wait for it.
void Router::refuse_all(Client& client) {
  const raft::NodeId self = member_->node().id();
  while (const std::optional<Pipeline::Ticket> ticket = client.pipeline().next_for(self)) {
    client.sent(*ticket, self, member_->next_request());
    Failures failures;
    ++(client.pipeline().ask(*ticket).is_write() ? failures.writes : failures.reads).not_done;
    counters_->on_failures(failures);
    client.resolve(*ticket, replica::Done{answer_of(kv::Reply{kv::Error{kRemoved}})});
  }
}

std::optional<raft::NodeId> Router::target(const Client& client) const {
  if (client.pipeline().is_next_for_this_node()) return member_->node().id();
  const std::optional<raft::NodeId> leader = member_->node().leader();
  const bool reads = follower_reads_ && leader && client.pipeline().is_next_a_read();
  return reads ? member_->node().id() : leader;
}

// "-MOVED 0 HOST:PORT", as of Redis Cluster, whose slots are all at the leader. False: it did not
// ask for that, or nobody knows where.
bool Router::redirect(Client& client, Pipeline::Ticket ticket, raft::NodeId leader) {
  if (!client.session().redirect || leader == member_->node().id()) return false;
  const auto where = client_addresses_->find(leader);
  if (where == client_addresses_->end()) return false;
  client.sent(ticket, leader, member_->next_request());
  client.resolve(ticket,
                 replica::Done{answer_of(kv::Reply{kv::Error{"MOVED 0 " + where->second.text()}})});
  return true;
}

// False: it could not be sent, and waits.
bool Router::send_request(Client& client, Pipeline::Ticket ticket, raft::NodeId leader) {
  const Ask& ask = client.pipeline().ask(ticket);
  // Copies, for it may be answered at once.
  if (const std::shared_ptr<const AdminRequest> admin = ask.admin) {
    client.sent(ticket, leader, member_->next_request());
    if (is_for_the_leader(*admin) && member_->node().role() != raft::Role::Leader) {
      client.resolve(ticket, replica::Done{answer_of(kv::Reply{kv::Error{kNotLeader}})});
    } else {
      admin_->submit({client.id(), ticket}, *admin);
    }
    return true;
  }
  member::Request request{ask.command, ask.query, client.pipeline().last_write()};
  const std::size_t awaited = ask.is_write() ? 0 : values_->answer_bytes(ask.query);
  client.sent(ticket, leader, member_->next_request(), awaited);
  const bool taken = member_->submit({client.id(), ticket}, leader, std::move(request));
  if (!taken) client.resolve(ticket, replica::NotDone{});
  return taken;
}

void Router::on_answer(member::Token token, replica::Outcome outcome) {
  if (token.first == 0) return admin_->on_answer(token.second, outcome);
  Client* client = clients_->find(token.first);
  if (client == nullptr) return;
  if (std::holds_alternative<replica::Done>(outcome)) count_done(*client, token.second);
  client->resolve(token.second, outcome);
}

void Router::on_flush() {
  answered_.reset();
  clients_->flush();
}

void Router::count_done(const Client& client, Pipeline::Ticket ticket) {
  const std::optional<Pipeline::Time> deadline = client.pipeline().deadline(ticket);
  if (!deadline) return;  // It came too late to matter.
  if (!answered_) answered_ = os::steady_now();
  const auto took = *answered_ - (*deadline - request_timeout_);
  counters_->on_done(client.pipeline().ask(ticket).is_write(), took);
}

void Router::on_standing(const member::Standing& standing) {
  counters_->on_standing(standing);
  const raft::Node& node = member_->node();
  log_.event("raft",
             fmt::format("role={} term={} leader={} last={} commit={}", role_name(standing.role),
                         standing.term.value(), standing.leader ? standing.leader->value : 0,
                         node.last().index.value(), node.commit().value()));
}

}  // namespace server
