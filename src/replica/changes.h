// SPDX-License-Identifier: Apache-2.0
// A change of the configuration, or a transfer of leadership, that somebody asked for and waits
// for: one of each at most, for the core takes no more.
#pragma once

#include <optional>

#include "raft/node.h"
#include "replica/outlet.h"

namespace replica {

class Changes {
 public:
  // The core accepted: the entry that begins it is at `first`. Requires, as begin_transfer() does:
  // settle() has answered the one before.
  void begin_change(RequestId request, raft::EntryId first);
  // `patience`: ticks after which nobody waits any longer to hear who leads.
  void begin_transfer(RequestId request, raft::NodeId to, raft::Term term, std::uint64_t patience);
  std::size_t waiting() const {
    return static_cast<std::size_t>(change_.has_value()) +
           static_cast<std::size_t>(transfer_.has_value());
  }

  // To be called at each tick, before settle().
  void tick() {
    if (transfer_ && transfer_->ticks_left > 0) transfer_->ticks_left -= 1;
  }
  // Answers what has been decided by now.
  void settle(const raft::Node& node, Outlet& outlet);

 private:
  struct Change {
    RequestId request;
    raft::EntryId first;
  };
  struct Transfer {
    RequestId request;
    raft::NodeId to;
    raft::Term term;               // Of the leadership that is given away.
    std::uint64_t ticks_left = 0;  // Then Unknown, if nobody is known to lead.
  };
  enum class State : std::uint8_t { Open, Done, Failed, Unknown };
  State state_of_change(const raft::Node& node) const;
  State state_of_transfer(const raft::Node& node) const;
  static void answer(RequestId request, State state, Outlet& outlet);

  std::optional<Change> change_;
  std::optional<Transfer> transfer_;
};

}  // namespace replica
