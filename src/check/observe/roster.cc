// SPDX-License-Identifier: Apache-2.0
#include "check/observe/roster.h"

#include <algorithm>
#include <set>

namespace check::observe {

void Roster::fix(const capture::Address& address) {
  const Slot slot = new_slot();
  if (slot == kNone) return;
  fixed_addresses_[address] = slot;
  numbers_[slot] = NodeId{++last_number_};
}

Roster::Slot Roster::fixed_at(const capture::Address& address) const {
  const auto found = fixed_addresses_.find(address);
  return found == fixed_addresses_.end() ? kNone : found->second;
}

void Roster::fix(const capture::Endpoint& end) {
  const Slot slot = slot_of(end);
  if (slot != kNone) numbers_[root(slot)] = NodeId{++last_number_};
}

Roster::Slot Roster::new_slot() {
  if (parents_.size() == kMostNames) return kNone;
  parents_.push_back(parents_.size());
  numbers_.emplace_back();
  return parents_.size() - 1;
}

Roster::Slot Roster::slot_of(const capture::Endpoint& end) {
  const auto found = ends_.find(end);
  if (found != ends_.end()) return found->second;
  const Slot slot = new_slot();
  if (slot == kNone) return kNone;
  ends_[end] = slot;
  join(slot, fixed_at(end.address));
  return slot;
}

// A name that is an address and port is that of the node that accepts there.
Roster::Slot Roster::slot_of(std::string_view name) {
  const auto found = names_.find(name);
  if (found != names_.end()) return found->second;
  const auto end = capture::parse_endpoint(name);
  const Slot slot = end ? slot_of(*end) : new_slot();
  if (slot != kNone) names_.emplace(name, slot);
  return slot;
}

Roster::Slot Roster::root(Slot slot) {
  while (parents_[slot] != slot) {
    parents_[slot] = parents_[parents_[slot]];
    slot = parents_[slot];
  }
  return slot;
}

// A number that was given stays; of two, the smaller.
void Roster::join(Slot one, Slot other) {
  if (one == kNone || other == kNone) return;
  one = root(one);
  other = root(other);
  if (one == other) return;
  const NodeId a = numbers_[one];
  const NodeId b = numbers_[other];
  parents_[other] = one;
  if (b.value != 0 && (a.value == 0 || b < a)) numbers_[one] = b;
}

void Roster::accepts(const capture::Endpoint& end) { (void)slot_of(end); }

void Roster::is_called(const capture::Endpoint& end, std::string_view name) {
  join(slot_of(end), slot_of(name));
}

void Roster::dials(std::string_view name, std::uint64_t connection, const capture::Address& from) {
  const Slot slot = slot_of(name);
  join(slot, fixed_at(from));
  if (!numbered_ && dialers_.size() < kMostConnections) dialers_[connection] = slot;
}

NodeId Roster::number_of(Slot slot) {
  if (slot == kNone || !numbered_) return {};
  NodeId& number = numbers_[root(slot)];
  if (number.value == 0) number = NodeId{++last_number_};
  return number;
}

// First those with an end, in the order of their ends; then those that only have a name.
void Roster::number() {
  numbered_ = true;
  for (const auto& [end, slot] : ends_) (void)number_of(slot);
  for (const auto& [name, slot] : names_) (void)number_of(slot);
}

NodeId Roster::node_at(const capture::Endpoint& end) {
  const auto found = ends_.find(end);
  return found == ends_.end() ? NodeId{} : number_of(found->second);
}

NodeId Roster::node_called(std::string_view name) {
  const auto found = names_.find(name);
  return found == names_.end() ? NodeId{} : number_of(found->second);
}

NodeId Roster::node_dialing(std::uint64_t connection) {
  const auto found = dialers_.find(connection);
  return found == dialers_.end() ? NodeId{} : number_of(found->second);
}

NodeId Roster::node_from(const capture::Address& address) {
  if (const Slot fixed = fixed_at(address); fixed != kNone) return number_of(fixed);
  std::set<NodeId> found;
  for (auto end = ends_.lower_bound({address, 0}); end != ends_.end(); ++end) {
    if (end->first.address != address) break;
    found.insert(number_of(end->second));
  }
  return found.size() == 1 ? *found.begin() : NodeId{};
}

std::vector<KnownNode> Roster::nodes() const {
  std::map<NodeId, KnownNode> known;
  const auto node_of = [&](Slot slot) -> KnownNode& {
    while (parents_[slot] != slot) slot = parents_[slot];
    KnownNode& node = known[numbers_[slot]];
    node.id = numbers_[slot];
    return node;
  };
  for (const auto& [end, slot] : ends_) node_of(slot).ends.push_back(end);
  for (const auto& [name, slot] : names_) {
    if (!capture::parse_endpoint(name)) node_of(slot).names.push_back(name);
  }
  std::vector<KnownNode> nodes;
  nodes.reserve(known.size());
  for (auto& [id, node] : known) nodes.push_back(std::move(node));
  return nodes;
}

}  // namespace check::observe
