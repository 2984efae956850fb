// SPDX-License-Identifier: Apache-2.0
// The directed links between nodes: what went over each, and what is to happen to its traffic.
//
// Counters are written by the monitor's thread only and may be read by any; everything else belongs
// to the monitor's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/prng.h"
#include "check/monitor/raft_monitor.h"

namespace check::monitor {

// One writer: a plain load and store are cheaper than a locked add.
class Counter {
 public:
  void add(std::uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// The streams of a link, for the audit: what the relay did with each byte, and what the kernel had
// received from the sender on the connections that are over.
struct StreamCounters {
  Counter read;
  Counter written;
  Counter discarded;  // Read, but the receiver was gone.
  Counter left_out;   // Read, and not handed on because a watcher wanted that;
  Counter invented;   // written although never read, likewise.
  Counter kernel_received;
  Counter kernel_unread;  // Received, but the connection was torn down before it was read.
};
// The same for the connections that stand.
struct StreamCount {
  std::uint64_t waiting = 0;  // Read, not yet written.
  std::uint64_t kernel_received = 0;
  std::uint64_t kernel_unread = 0;
};

struct DatagramCounters {
  Counter received;
  Counter received_bytes;
  Counter sent;
  Counter extra_fragments;  // Packets that those needed beyond one each.
  Counter unsent;           // The kernel would not take it: a cut, or no room.
};

struct Link {
  Link(DirectedPair link_pair, base::Prng link_prng) : pair(link_pair), prng(link_prng) {}

  const DirectedPair pair;
  Counter bytes;
  Counter chunks;
  Counter messages;
  Counter connections;
  Counter dropped;
  StreamCounters stream;
  DatagramCounters datagram;
  StreamCounters datagram_edits;  // What watchers did to messages in datagrams: left out, invented.
  bool held = false;
  LinkFaults faults;
  base::Prng prng;  // Of this link alone: its draws depend on its own traffic only.

  // How long the next chunk is to wait.
  std::uint64_t draw_delay_ns();
};

class LinkTable {
 public:
  // addresses[k] is that of node k+1, in the host's byte order.
  LinkTable(std::vector<std::uint32_t> addresses, std::uint64_t seed);

  std::uint32_t nodes() const { return static_cast<std::uint32_t>(addresses_.size()); }
  const std::vector<std::uint32_t>& addresses() const { return addresses_; }
  std::optional<NodeId> find_node(std::uint32_t address) const;
  // Nothing if either address is not a node's, or both are one node's.
  Link* find(std::uint32_t from, std::uint32_t to);
  Link* find(DirectedPair pair);
  const std::vector<std::unique_ptr<Link>>& all() const { return links_; }

  std::map<DirectedPair, LinkCounters> counters() const;

  // Names a connection, or what passes between two ends in datagrams: 1, 2, 3, ...
  std::uint64_t next_number() { return next_number_++; }

 private:
  std::vector<std::uint32_t> addresses_;
  std::unordered_map<std::uint32_t, std::uint32_t> index_of_;
  std::uint64_t next_number_ = 1;
  std::vector<std::unique_ptr<Link>> links_;  // Row by row: from, to; the diagonal is empty.
};

}  // namespace check::monitor
