// SPDX-License-Identifier: Apache-2.0
// Whom the transport of a member must reach, as its configurations go.
//
//   in force, committed or not ----+
//   committed before it, till then +--> reached, and for a while after: who is removed has to be
//   told
//
// A leader that removes itself leads until that is committed: those who append its removal must not
// hang up before their acknowledgement has reached it (thesis §4.2.2).
#pragma once

#include <cstdint>
#include <map>

#include "raft/node.h"
#include "transport/transport.h"

namespace member {

class Reach {
 public:
  // True: peers() is another than before. `now`: ticks of this member's life, never falling.
  bool follow(const raft::Node& node, std::uint64_t now);

  // Those whose address is known. None for owners whose configurations have no addresses.
  const transport::Peers& peers() const { return peers_; }

 private:
  void want(const raft::Configuration& configuration, std::uint64_t now);

  raft::Configuration current_;
  bool settled_ = false;  // current_ is committed, and nobody is leaving.
  transport::Peers peers_;
  std::map<raft::NodeId, std::uint64_t> wanted_at_;  // The latest tick at which it was wanted.
};

}  // namespace member
