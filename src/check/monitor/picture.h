// SPDX-License-Identifier: Apache-2.0
// All that was counted of the traffic between nodes: what an audit compares (audit.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "check/history/node_id.h"
#include "check/sandbox/sandbox.h"

namespace check::monitor {

using history::DirectedPair;
using history::NodeId;

// One link as the monitor knows it.
struct LinkPicture {
  std::uint64_t stream_read = 0;
  std::uint64_t stream_written = 0;
  std::uint64_t stream_discarded = 0;
  std::uint64_t stream_waiting = 0;
  std::uint64_t stream_left_out = 0;
  std::uint64_t stream_invented = 0;
  std::uint64_t kernel_received = 0;
  std::uint64_t kernel_unread = 0;
  std::uint64_t datagrams = 0;
  std::uint64_t datagram_bytes = 0;
  std::uint64_t datagrams_redirected = 0;  // As the packet filter counted them.
  std::uint64_t extra_fragments = 0;       // Packets that a datagram sent on needed beyond one.
};

// All counts at one moment.
struct Picture {
  std::map<DirectedPair, LinkPicture> links;
  std::map<DirectedPair, sandbox::PairCounters> pairs;  // All hosts.
  std::map<NodeId, sandbox::InterfaceCounters> hosts;   // The nodes.
  std::uint64_t stray_packets = 0;
  bool all_ports = true;
  // Of a monitor that only looks on: the packets that it was shown.
  std::optional<std::map<DirectedPair, sandbox::PacketCount>> captured = {};
};

}  // namespace check::monitor
