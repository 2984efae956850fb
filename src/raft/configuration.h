// SPDX-License-Identifier: Apache-2.0
// Who belongs to a cluster: voters, learners, and while voters are being exchanged the outgoing
// voters beside the incoming ones (Raft §6, joint consensus).
//
//   {1 2 3}  --->  {3 4 5} and outgoing {1 2 3}  --->  {3 4 5}
//    simple         joint: a majority of each half      simple
//
// A configuration is the payload of an entry and counts from the moment it is in a log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "raft/types.h"

namespace raft {

inline constexpr std::size_t kMaxLearners = 32;
inline constexpr std::size_t kMaxAddressBytes = 255;

struct Member {
  NodeId id;
  std::string address;  // The core never looks into it: it is for its owner's transport.
  friend bool operator==(const Member&, const Member&) = default;
};

// In every list ids rise, so that equal configurations are equal values.
struct Configuration {
  std::vector<Member> voters;
  std::vector<Member> learners;  // Get the log, and count for nothing. None is in `voters`.
  std::vector<Member> outgoing;  // Joint: the voters before. Else empty.

  bool empty() const { return voters.empty() && learners.empty() && outgoing.empty(); }
  bool is_joint() const { return !outgoing.empty(); }
  bool has_voter(NodeId id) const;  // In either half.
  bool has_learner(NodeId id) const;
  // The member of that id: as a voter, else as a learner, else as an outgoing voter.
  const Member* find(NodeId id) const;
  // Everybody, each once, ids rising.
  std::vector<NodeId> ids() const;

  friend bool operator==(const Configuration&, const Configuration&) = default;
};

// Voters without addresses, for clusters that need none. Sorts.
Configuration configuration_of(const std::vector<NodeId>& voters);

// Could this be in force anywhere? At least one voter, at most kMaxVoters (quorum.h) in each half
// and kMaxLearners; ids not 0 and rising in each list; nobody both voter and learner; addresses of
// at most kMaxAddressBytes.
base::Status validate(const Configuration& configuration);

// As bytes, and back: docs/formats/configuration.md. What decode() returns is valid.
// Requires: `configuration` is valid.
std::string encode(const Configuration& configuration);
base::Result<Configuration> decode_configuration(std::string_view bytes);

}  // namespace raft
