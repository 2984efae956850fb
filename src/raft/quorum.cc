// SPDX-License-Identifier: Apache-2.0
#include "raft/quorum.h"

#include <set>

namespace raft {

LogIndex majority_index(std::span<const NodeId> voters, const std::map<NodeId, LogIndex>& match) {
  CHECK(std::set<NodeId>(voters.begin(), voters.end()).size() == voters.size(), voters.size());
  return majority_reached(voters, [&match](NodeId voter) {
    const auto report = match.find(voter);
    return report == match.end() ? LogIndex() : report->second;
  });
}

}  // namespace raft
