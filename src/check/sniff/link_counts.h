// SPDX-License-Identifier: Apache-2.0
// What was seen on each link between nodes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "check/capture/reassembler.h"
#include "check/monitor/raft_monitor.h"

namespace check::sniff {

using history::DirectedPair;
using history::NodeId;

// Packets of nodes, by their addresses; streams, in order. One thread.
class LinkCounts final : public capture::ConnectionListener {
 public:
  // Everything goes on to `next`, if there is one. `origin_ns`: where the times told begin.
  LinkCounts(std::uint32_t nodes, std::uint64_t origin_ns, capture::ConnectionListener* next)
      : nodes_(nodes), origin_ns_(origin_ns), next_(next) {}

  // Whether it goes from a node to another.
  bool packet(const capture::Packet& packet);

  void opened(const capture::Opening& opening) override;
  void bytes(capture::ConnectionId id, capture::Side from, std::uint64_t time_ns,
             std::string_view bytes) override;
  void gap(capture::ConnectionId id, capture::Side from, std::uint64_t time_ns,
           std::uint64_t bytes) override;
  void closed(capture::ConnectionId id, capture::Closing how, std::uint64_t time_ns) override;

  void message(DirectedPair pair) { links_[pair].messages += 1; }

  const std::map<DirectedPair, monitor::LinkCounters>& links() const { return links_; }
  // All packets from one node to another, whatever their protocol.
  const std::map<DirectedPair, sandbox::PacketCount>& packets() const { return packets_; }
  monitor::ConnectionEvents take_events();

 private:
  static constexpr std::size_t kMostEvents = 65536;

  NodeId node_at(const capture::Address& address) const;
  std::optional<DirectedPair> pair(const capture::Endpoint& from,
                                   const capture::Endpoint& to) const;
  monitor::LinkCounters* link(capture::ConnectionId id, capture::Side from);
  void note(const capture::Opening& opening, monitor::ConnectionChange change,
            std::uint64_t time_ns);

  const std::uint32_t nodes_;
  const std::uint64_t origin_ns_;
  capture::ConnectionListener* const next_;
  std::map<DirectedPair, monitor::LinkCounters> links_;
  std::map<DirectedPair, sandbox::PacketCount> packets_;
  std::map<capture::ConnectionId, capture::Opening> open_;
  monitor::ConnectionEvents events_;
};

}  // namespace check::sniff
