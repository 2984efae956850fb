// SPDX-License-Identifier: Apache-2.0
// Brings each request to the leader, here or over the connection to it, and each answer back.
//
//   clients --dispatch()--> this node leads: Replica            another: Peers::forward
//   peers   --on_forward--> Replica, or NotDone: only one hop
//
//   Replica --answer()----> the client's place in its pipeline, or the peer that asked
//   peers   --on_forward_reply--'
//
// A request that was not taken by a node that leads waits, until its deadline. A write that may
// have reached one is never sent again.
#pragma once

#include <optional>
#include <unordered_map>
#include <variant>

#include "replica/replica.h"
#include "server/clients.h"
#include "server/peers.h"

namespace server {

class Router final : public replica::Outlet, public PeerListener {
 public:
  explicit Router(const Log& log) : log_(log) {}

  // To be called once, before all else. Requires: all three outlive the Router.
  void connect(replica::Replica& replica, Peers& peers, Clients& clients);

  // Sends on whatever can be sent.
  void dispatch();
  // Says in the log when the role, the term or the leader is another one.
  void note_changes();
  // All outputs, gathered, to the kernel.
  void flush() override;

  void send(const raft::Envelope& envelope) override { peers_->send(envelope); }
  void answer(replica::RequestId id, replica::Outcome outcome) override;

  void on_message(raft::NodeId from, raft::Message message) override;
  void on_forward(raft::NodeId from, InboundId inbound, codec::Forward forward) override;
  void on_forward_reply(raft::NodeId from, codec::ForwardReply reply) override;
  void on_link_down(raft::NodeId peer) override;

 private:
  struct FromClient {
    ClientId client = 0;
    Pipeline::Ticket ticket = 0;
  };
  struct FromPeer {
    InboundId inbound = 0;
    std::uint64_t sequence = 0;
  };
  struct Pending {
    std::variant<FromClient, FromPeer> origin;
    std::optional<raft::NodeId> forwarded_to;
  };
  // What the log said last.
  struct Seen {
    raft::Role role = raft::Role::Follower;
    raft::Term term;
    std::optional<raft::NodeId> leader;
    friend bool operator==(const Seen&, const Seen&) = default;
  };

  void dispatch(Client& client);
  bool send_request(Client& client, Pipeline::Ticket ticket, raft::NodeId leader);
  void answer_peer(const FromPeer& origin, replica::Outcome outcome);

  const Log& log_;
  replica::Replica* replica_ = nullptr;
  Peers* peers_ = nullptr;
  Clients* clients_ = nullptr;
  replica::RequestId last_request_;
  std::unordered_map<std::uint64_t, Pending> pending_;
  // The last write of each peer, which its later reads must see.
  std::map<raft::NodeId, replica::RequestId> last_forwarded_write_;
  Seen seen_;
#ifdef SEAWORTHY_BROKEN
  std::optional<raft::NodeId> believed_leader_;
#endif
};

}  // namespace server
