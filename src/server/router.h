// SPDX-License-Identifier: Apache-2.0
// Brings the requests of clients to the Member, and each answer to its place in their pipelines.
//
//   clients --dispatch()--> Member::submit         Member --on_answer()--> Client::resolve
//
// A request that was not taken by a node that leads waits, until its deadline. A write that may
// have reached one is never sent again.
#pragma once

#include <optional>

#include "kv/machine.h"
#include "member/member.h"
#include "os/log.h"
#include "server/clients.h"
#include "server/metrics.h"

namespace server {

class Router final : public member::Owner {
 public:
  explicit Router(const os::Log& log) : log_(log) {}

  // To be called once, before all else. Requires: all of them outlive the Router.
  struct Parts {
    member::Member& member;
    machine::StateMachine& machine;
    const kv::Machine& values;  // Within it: tells how long an answer will be.
    Clients& clients;
    Admin& admin;
    const std::map<raft::NodeId, os::HostPort>& client_addresses;
    Counters& counters;
    std::chrono::nanoseconds request_timeout;
    bool follower_reads;  // This node answers reads also while another leads.
  };
  void connect(const Parts& parts);

  // Sends on whatever can be sent.
  void dispatch();

  void on_answer(member::Token token, replica::Outcome outcome) override;
  void on_flush() override;
  void on_standing(const member::Standing& standing) override;

 private:
  void dispatch(Client& client);
  // Where the next request of `client` goes now; nothing: it waits.
  void count_done(const Client& client, Pipeline::Ticket ticket);
  std::optional<raft::NodeId> target(const Client& client) const;
  bool redirect(Client& client, Pipeline::Ticket ticket, raft::NodeId leader);
  void refuse_all(Client& client);
  bool send_request(Client& client, Pipeline::Ticket ticket, raft::NodeId leader);

  const os::Log& log_;
  member::Member* member_ = nullptr;
  machine::StateMachine* machine_ = nullptr;
  const kv::Machine* values_ = nullptr;
  Clients* clients_ = nullptr;
  Admin* admin_ = nullptr;
  const std::map<raft::NodeId, os::HostPort>* client_addresses_ = nullptr;
  Counters* counters_ = nullptr;
  std::chrono::nanoseconds request_timeout_{0};
  bool follower_reads_ = false;
  std::vector<ClientId> dispatched_;                  // Room for those of one dispatch().
  std::optional<std::chrono::nanoseconds> answered_;  // When those came that leave together.
#ifdef SEAWORTHY_BROKEN
  std::optional<raft::NodeId> believed_leader_;
#endif
};

}  // namespace server
