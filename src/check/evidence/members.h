// SPDX-License-Identifier: Apache-2.0
// Who speaks: the nodes of a run, or, where a capture does not tell them, the names that a protocol
// uses. The same member keeps its id, also across restarts.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "check/history/node_id.h"

namespace check::evidence {

struct MemberId {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(MemberId, MemberId) = default;
};

class Members {
 public:
  // More than these are nobody.
  static constexpr std::size_t kMost = 4096;

  // `name_is_member`: a node that speaks under another name is another member from then on.
  explicit Members(bool name_is_member) : name_is_member_(name_is_member) {}

  // Node 0 and an empty name mean "not known". None: nobody can say who it is, or a node hands on
  // what another member said.
  std::optional<MemberId> find_or_add(history::NodeId node, const std::string& name);

  // What the node says from now on is said by another member.
  void replace(history::NodeId node);

  // Certainly two. (One member may have two ids, if it is once known by its node and once by its
  // name.)
  bool differ(MemberId one, MemberId other) const;

  std::string describe(MemberId id) const;  // "node 2", "'8211f1d0f64f3269'"

 private:
  struct Member {
    history::NodeId node;
    std::string name;
  };

  std::optional<MemberId> known_node(MemberId id, const std::string& name);
  std::optional<MemberId> add(history::NodeId node, const std::string& name);

  bool name_is_member_;
  std::vector<Member> members_;
  std::map<history::NodeId, MemberId> by_node_;
  std::map<std::string, MemberId> by_name_;
};

}  // namespace check::evidence
