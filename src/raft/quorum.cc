// SPDX-License-Identifier: Apache-2.0
#include "raft/quorum.h"

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

namespace raft {

LogIndex majority_index(std::span<const NodeId> voters, const std::map<NodeId, LogIndex>& match) {
  CHECK(!voters.empty());
  CHECK(std::set<NodeId>(voters.begin(), voters.end()).size() == voters.size(), voters.size());

  std::vector<LogIndex> stored;
  for (const NodeId voter : voters) {
    const auto report = match.find(voter);
    stored.push_back(report == match.end() ? LogIndex() : report->second);
  }
  std::ranges::sort(stored, std::greater{});

  // Highest first: the voters at 0..middle are a smallest majority, and all have stored at least
  // what the last of them has.
  const std::size_t middle = stored.size() / 2;
  return stored[middle];
}

}  // namespace raft
