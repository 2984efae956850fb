// SPDX-License-Identifier: Apache-2.0
// Who the nodes are, in traffic that says it only in pieces.
//
// A node is known by the end where it accepts connections (10.0.0.1:2380) and by the names that
// messages give it (an id, an address). On each connection one end is that of a node that accepts,
// and its messages may name both: so ends and names come together, in whatever order they are seen.
// Who dials from a port of the moment and is not named is the node of that address, if it is the
// only one there.
//
//   learn ... learn, number() --> nodes 1..N in the order of their ends; later ones follow
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/capture/endpoint.h"
#include "check/history/node_id.h"

namespace check::observe {

using history::NodeId;

// What a roster knows about a node.
struct KnownNode {
  NodeId id;
  std::vector<capture::Endpoint> ends;  // Where it accepts connections.
  std::vector<std::string> names;       // As messages call it.
};

class Roster {
 public:
  static constexpr std::size_t kMostNames = 4096;
  static constexpr std::size_t kMostConnections = 65536;

  // The nodes' numbers are known beforehand: 1, 2, 3, ... in the order of these calls.
  void fix(const capture::Address& address);
  void fix(const capture::Endpoint& end);

  // A message was understood on a connection to `end`: a node accepts there.
  void accepts(const capture::Endpoint& end);
  // The node that accepts at `end` is called `name`.
  void is_called(const capture::Endpoint& end, std::string_view name);
  // The node called `name` dialled this connection, from this address.
  void dials(std::string_view name, std::uint64_t connection, const capture::Address& from);

  // Numbers all nodes known so far. Nodes found later get the next numbers when they are found.
  // Who dialled which connection is remembered up to here: so a second reading of the same traffic
  // knows it before the connection's messages tell.
  void number();

  // 0 if it is not known which node that is, or number() was not called yet.
  NodeId node_at(const capture::Endpoint& end);
  NodeId node_called(std::string_view name);
  NodeId node_dialing(std::uint64_t connection);
  // Who dials from this address.
  NodeId node_from(const capture::Address& address);

  std::vector<KnownNode> nodes() const;

 private:
  using Slot = std::size_t;
  static constexpr Slot kNone = ~Slot{0};

  Slot slot_of(const capture::Endpoint& end);
  Slot slot_of(std::string_view name);
  Slot new_slot();
  Slot root(Slot slot);
  void join(Slot one, Slot other);
  NodeId number_of(Slot slot);
  Slot fixed_at(const capture::Address& address) const;

  std::map<capture::Endpoint, Slot> ends_;
  std::map<std::string, Slot, std::less<>> names_;
  std::map<std::uint64_t, Slot> dialers_;
  std::map<capture::Address, Slot> fixed_addresses_;
  std::vector<Slot> parents_;    // A forest: joined slots have one root.
  std::vector<NodeId> numbers_;  // Of roots.
  std::uint32_t last_number_ = 0;
  bool numbered_ = false;
};

}  // namespace check::observe
