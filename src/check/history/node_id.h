// SPDX-License-Identifier: Apache-2.0
// Who a node of the system under test is: 1..N, for the whole run, also across restarts.
#pragma once

#include <compare>
#include <cstdint>
#include <ostream>

namespace check::history {

struct NodeId {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(NodeId, NodeId) = default;
  friend std::ostream& operator<<(std::ostream& out, NodeId id) { return out << 'n' << id.value; }
};

// From one node to another; the way back is a pair of its own.
struct DirectedPair {
  NodeId from;
  NodeId to;
  friend constexpr auto operator<=>(DirectedPair, DirectedPair) = default;
};

}  // namespace check::history
