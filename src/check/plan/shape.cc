// SPDX-License-Identifier: Apache-2.0
#include "check/plan/shape.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace check::plan {

namespace {

// The leader first, then the others in their drawn order.
std::vector<NodeId> leader_first(const Scene& scene) {
  CHECK(std::ranges::find(scene.order, scene.leader) != scene.order.end(), scene.leader);
  std::vector<NodeId> result = {scene.leader};
  for (const NodeId node : scene.order) {
    if (node != scene.leader) result.push_back(node);
  }
  return result;
}

void cut_both_ways(NodeId a, NodeId b, std::set<DirectedPair>& pairs) {
  if (a == b) return;
  pairs.insert({a, b});
  pairs.insert({b, a});
}

std::set<DirectedPair> between(const std::set<NodeId>& side, std::span<const NodeId> all) {
  std::set<DirectedPair> pairs;
  for (const NodeId inside : side) {
    for (const NodeId other : all) {
      if (!side.contains(other)) cut_both_ways(inside, other, pairs);
    }
  }
  return pairs;
}

// The first node sees everybody; the two halves of the rest do not see each other.
std::set<DirectedPair> bridge(std::span<const NodeId> nodes) {
  std::set<DirectedPair> pairs;
  const std::size_t middle = 1 + (nodes.size() - 1) / 2;
  for (std::size_t a = 1; a < middle; ++a) {
    for (std::size_t b = middle; b < nodes.size(); ++b) cut_both_ways(nodes[a], nodes[b], pairs);
  }
  return pairs;
}

// Around a circle, each node sees itself and its nearest neighbours: a smallest majority that is
// the same for no other node (Jepsen's "majorities ring").
std::set<DirectedPair> ring(std::span<const NodeId> nodes) {
  std::set<DirectedPair> pairs;
  const std::size_t count = nodes.size();
  const std::size_t reach = (count / 2 + 1) / 2;  // Neighbours on either side.
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = a + 1; b < count; ++b) {
      const std::size_t distance = std::min(b - a, count - (b - a));
      if (distance > reach) cut_both_ways(nodes[a], nodes[b], pairs);
    }
  }
  return pairs;
}

std::set<DirectedPair> every_pair(std::span<const NodeId> nodes) {
  std::set<DirectedPair> pairs;
  for (const NodeId a : nodes) {
    for (const NodeId b : nodes) cut_both_ways(a, b, pairs);
  }
  return pairs;
}

}  // namespace

std::vector<NodeId> order_under(const Step& step, std::optional<NodeId> leader) {
  std::vector<NodeId> order = step.order;
  if (!leader) return order;
  const auto then = std::ranges::find(order, step.led);
  const auto now = std::ranges::find(order, *leader);
  if (then != order.end() && now != order.end()) std::iter_swap(then, now);
  return order;
}

bool strikes(const Fault& fault, std::uint32_t nodes) {
  if (nodes == 0) return false;
  if (!strikes_network(fault.kind)) return true;
  std::vector<NodeId> order;
  for (std::uint32_t node = 1; node <= nodes; ++node) order.push_back({node});
  return !pairs_of(fault.target, {order, order.front()}).empty();
}

std::set<NodeId> nodes_of(Target target, const Scene& scene) {
  const std::vector<NodeId> nodes = leader_first(scene);
  const auto first = [&](std::size_t count) {
    return std::set<NodeId>(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(count));
  };
  switch (target) {
    case Target::Leader:
      return first(1);
    case Target::Follower:
      return {nodes.size() > 1 ? nodes[1] : nodes[0]};
    case Target::One:
      return {scene.order.front()};
    case Target::Minority:
      return first(std::max<std::size_t>(1, (nodes.size() - 1) / 2));
    case Target::Majority:
      return first(nodes.size() / 2 + 1);
    case Target::All:
      return first(nodes.size());
    case Target::OneWay:
    case Target::Bridge:
    case Target::Ring:
      break;
  }
  CHECK(false);
  return {};
}

std::set<DirectedPair> pairs_of(Target target, const Scene& scene) {
  switch (target) {
    case Target::Leader:
    case Target::Follower:
    case Target::One:
    case Target::Minority:
    case Target::Majority:
      return between(nodes_of(target, scene), scene.order);
    case Target::All:
      return every_pair(scene.order);
    case Target::OneWay: {
      std::set<DirectedPair> pairs;
      for (const NodeId node : scene.order) {
        if (node != scene.leader) pairs.insert({node, scene.leader});
      }
      return pairs;
    }
    case Target::Bridge:
      return bridge(scene.order);
    case Target::Ring:
      return ring(scene.order);
  }
  return {};
}

}  // namespace check::plan
