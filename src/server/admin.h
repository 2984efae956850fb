// SPDX-License-Identifier: Apache-2.0
// What an operator asks of a node, beyond keys and values: RAFT ADD, REMOVE and so on.
#pragma once

#include <optional>
#include <variant>

#include "member/owner.h"
#include "os/net.h"
#include "raft/types.h"

namespace server {

// As a learner: it gets the log, and votes when it is promoted.
struct AddMember {
  raft::NodeId id;
  os::HostPort address;  // For the other nodes.
  friend bool operator==(const AddMember&, const AddMember&) = default;
};
struct PromoteMember {
  raft::NodeId id;
  friend bool operator==(PromoteMember, PromoteMember) = default;
};
struct RemoveMember {
  raft::NodeId id;
  friend bool operator==(RemoveMember, RemoveMember) = default;
};
struct TransferLeadership {
  std::optional<raft::NodeId> to;  // Nobody: whoever is the most caught up.
  friend bool operator==(TransferLeadership, TransferLeadership) = default;
};
struct TakeSnapshot {
  friend bool operator==(TakeSnapshot, TakeSnapshot) = default;
};
using AdminRequest =
    std::variant<AddMember, PromoteMember, RemoveMember, TransferLeadership, TakeSnapshot>;

class Admin {
 public:
  virtual ~Admin() = default;
  // Done by this node, which leads unless the request is TakeSnapshot. Answered by exactly one
  // Router::on_answer(token, ...), perhaps before it returns: Done with answer_of() a reply, which
  // may be an error, NotDone or Unknown.
  virtual void submit(member::Token token, const AdminRequest& request) = 0;
  // What became of the `wish`-th that the Member was asked for in place of a client.
  virtual void on_answer(std::uint64_t wish, const replica::Outcome& outcome) = 0;
};

}  // namespace server
