// SPDX-License-Identifier: Apache-2.0
#include "check/evidence/members.h"

namespace check::evidence {

std::optional<MemberId> Members::find_or_add(history::NodeId node, const std::string& name) {
  const auto named = name.empty() ? by_name_.end() : by_name_.find(name);
  if (node.value == 0) {
    if (named != by_name_.end()) return named->second;
    return name.empty() ? std::nullopt : add(node, name);
  }
  if (named != by_name_.end()) {
    const Member& member = members_[named->second.value];
    // Said under another node's name: handed on, not stated.
    if (member.node.value != 0 && member.node != node) return std::nullopt;
    if (member.node == node) {
      by_node_[node] = named->second;
      return named->second;
    }
  }
  const auto numbered = by_node_.find(node);
  if (numbered != by_node_.end()) return known_node(numbered->second, name);
  if (named == by_name_.end()) return add(node, name);
  members_[named->second.value].node = node;
  by_node_.emplace(node, named->second);
  return named->second;
}

std::optional<MemberId> Members::known_node(MemberId id, const std::string& name) {
  Member& member = members_[id.value];
  if (name.empty() || name == member.name) return id;
  if (member.name.empty()) {
    member.name = name;
    by_name_[name] = id;
    return id;
  }
  return name_is_member_ ? add(member.node, name) : id;
}

std::optional<MemberId> Members::add(history::NodeId node, const std::string& name) {
  if (members_.size() >= kMost) return std::nullopt;
  const MemberId id{static_cast<std::uint32_t>(members_.size())};
  members_.push_back({node, name});
  if (node.value != 0) by_node_[node] = id;
  if (!name.empty()) by_name_[name] = id;
  return id;
}

void Members::replace(history::NodeId node) {
  const auto numbered = by_node_.find(node);
  if (numbered == by_node_.end()) return;
  const std::string name = members_[numbered->second.value].name;
  by_node_.erase(numbered);
  by_name_.erase(name);
  add(node, name);
}

bool Members::differ(MemberId one, MemberId other) const {
  if (one == other) return false;
  const Member& a = members_[one.value];
  const Member& b = members_[other.value];
  if (a.node.value != 0 && b.node.value != 0) return a.node != b.node;
  return !a.name.empty() && !b.name.empty() && a.name != b.name;
}

std::string Members::describe(MemberId id) const {
  const Member& member = members_[id.value];
  if (member.node.value != 0) return "node " + std::to_string(member.node.value);
  return "'" + member.name + "'";
}

}  // namespace check::evidence
