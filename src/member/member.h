// SPDX-License-Identifier: Apache-2.0
// One member of a cluster: a Replica and its transport, on the loop of its owner's thread. Requests
// may come to any member: one that does not lead passes them on to the one that does.
//
//   owner --submit()----> this member leads: Replica          another does: Transport::forward
//   peers --on_forward--> Replica, or NotDone: one hop only
//
//   Replica --answer()----> the owner, or the peer that asked
//   peers   --on_forward_reply--'
//
//   forever:  wait for sockets and time; tick(); submit(...) ...; finish_turn()
//
// A write that may have reached the leader is never sent again: that is for whoever knows whether
// doing it twice does harm.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "member/owner.h"
#include "member/reach.h"
#include "member/requests.h"
#include "replica/replica.h"
#include "transport/transport.h"

namespace member {

struct Request {
  raft::Payload command;  // A write. Null for a read.
  std::string query;      // A read.
  // A read sees what this write did, if it takes effect; one that was submitted before.
  std::optional<replica::RequestId> after;
};

class Member final : public replica::Outlet, public transport::Listener {
 public:
  using OpenTransport =
      std::function<base::Result<std::unique_ptr<transport::Transport>>(transport::Listener&)>;
  struct Ground {
    io::Disk& disk;
    machine::StateMachine& machine;  // As it was made.
    Owner& owner;
  };
  struct Config {
    replica::Config replica;
    // An answer to a peer's client that is longer cannot be passed on: it is told `too_long`, or,
    // of a write, which is done, `too_long_of_write`.
    std::size_t max_passed_bytes = std::size_t{48} * 1024 * 1024;
    machine::Answer too_long;
    machine::Answer too_long_of_write;
    // The answer to a write of `bytes`, when the transport can carry no entry of more than `limit`.
    // Absent: NotDone (TooLong).
    std::function<machine::Answer(std::uint64_t bytes, std::uint64_t limit)> too_large;
    // Who is there before a configuration says so: the members of `replica.raft.initial`, or, for
    // a member that is to join, those that may call it.
    transport::Peers peers;
  };

  // Opens the transport (an address that is taken is found out before the disk is touched), then
  // recovers what the disk holds. Requires: what is in `ground` outlives the Member.
  static base::Result<std::unique_ptr<Member>> open(const Ground& ground, const Config& config,
                                                    const OpenTransport& open_transport);
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  ~Member() override;

  // The name that the next request gets.
  replica::RequestId next_request() const { return last_request_.next(); }
  // Takes the request, in order of these calls, to `leader`, who the owner believes leads. False:
  // it cannot be reached, nothing was done, and no answer will come.
  bool submit(Token token, raft::NodeId leader, Request request);
  // Answered by Owner::on_answer, as soon as it is decided; NotDone (NotLeader) unless this member
  // leads. See Replica.
  void change_membership(Token token, raft::Configuration target);
  void transfer(Token token, raft::NodeId to);
  // Whom this member would hand leadership to: of the voters that it hears, the one that lacks
  // least. Nobody, unless it leads.
  std::optional<raft::NodeId> best_successor() const;
  // Of this member's own state; any member can.
  void take_snapshot(Token token);

  // It was removed from its cluster, as far as it knows, and knows nobody who leads: what is asked
  // of it can go nowhere.
  bool is_outside() const;

  // One tick of time has passed; `now` is the clock's.
  // `missed`: as raft::Tick has it.
  void tick(std::chrono::nanoseconds now, std::uint64_t missed);
  // Does what came since the last turn, with one sync. After an error, which the disk had, the
  // Member must not be used any more: the process must stop, and recover from the disk.
  base::Status finish_turn();

  const raft::Node& node() const { return replica_->node(); }
  const replica::Replica& replica() const { return *replica_; }
  transport::Transport& transport() { return *transport_; }
  const transport::Transport& transport() const { return *transport_; }

  // replica::Outlet
  void send(const raft::Envelope& envelope) override { transport_->send(envelope); }
  void answer(replica::RequestId id, replica::Outcome outcome) override;
  void flush() override;
  void applied(const raft::Entry& entry) override { owner_.on_applied(entry); }

  // transport::Listener
  void on_message(raft::NodeId from, raft::Message message) override;
  void on_forward(raft::NodeId from, transport::InboundId inbound, codec::Forward forward) override;
  void on_forward_reply(raft::NodeId from, codec::ForwardReply reply) override;
  void on_link_down(raft::NodeId peer) override;

 private:
  struct FromPeer {
    transport::InboundId inbound = 0;
    std::uint64_t sequence = 0;
    bool is_write = false;
  };
  struct Pending {
    std::variant<Token, FromPeer> origin;
    std::optional<raft::NodeId> forwarded_to;
  };

  Member(Owner& owner, const Config& config) : owner_(owner), config_(config) {}
  replica::RequestId enter(Token token);
  void answer_peer(const FromPeer& origin, replica::Outcome outcome);
  void reach_peers();
  void give_up_former_leaders();
  // What a write that no transport could bring to the others is told; nothing if it can.
  std::optional<replica::Outcome> refusal(std::size_t bytes) const;

  Owner& owner_;
  Config config_;
  std::unique_ptr<transport::Transport> transport_;
  std::optional<replica::Replica> replica_;
  replica::RequestId last_request_;
  Requests<Pending> pending_;
  // The last write of each peer, which its later reads must see.
  std::map<raft::NodeId, replica::RequestId> last_forwarded_write_;
  // When a peer that requests were passed on to was asked, or led, last: in ticks.
  std::map<raft::NodeId, std::uint64_t> asked_;
  Standing standing_;
  Reach reach_;
  std::uint64_t ticks_ = 0;
  bool has_peers_ = false;  // The transport was told.
};

}  // namespace member
