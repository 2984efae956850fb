// SPDX-License-Identifier: Apache-2.0
// What a fault's target means for a certain leader: which nodes, or which directed pairs of nodes.
// Pure functions of the target, the leader seen at that moment, and an order of the nodes that was
// drawn when the run began.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <vector>

#include "check/history/node_id.h"
#include "check/plan/fault.h"
#include "check/plan/plan.h"

namespace check::plan {

using history::DirectedPair;
using history::NodeId;

// `order`: every node once, the leader anywhere. With no leader to be seen, the first of the order
// is taken in its place.
struct Scene {
  std::span<const NodeId> order;
  NodeId leader;
};

// The step's order where `leader` leads now: it and the one that led when the order was written
// down change places. As it is if either is not known.
std::vector<NodeId> order_under(const Step& step, std::optional<NodeId> leader);

// The nodes that a kill, pause or restart of `target` strikes.
// Requires: `target` names nodes; the order is not empty and holds the leader.
std::set<NodeId> nodes_of(Target target, const Scene& scene);

// The pairs that a partition, hold or delay of `target` strikes. Never a node with itself.
std::set<DirectedPair> pairs_of(Target target, const Scene& scene);

// Whether the fault does anything at all in a cluster of so many nodes: a ring of three cuts
// nothing.
bool strikes(const Fault& fault, std::uint32_t nodes);

}  // namespace check::plan
