// SPDX-License-Identifier: Apache-2.0
#include "raft/quorum.h"

#include <gtest/gtest.h>

#include <sstream>

#include "golden/golden.h"

namespace raft {
namespace {

std::vector<NodeId> parse_voters(const std::string& text) {
  std::vector<NodeId> voters;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    voters.push_back({static_cast<std::uint32_t>(std::stoul(item))});
  }
  return voters;
}

std::map<NodeId, LogIndex> parse_match(const std::string& text) {
  std::map<NodeId, LogIndex> match;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    const std::size_t colon = item.find(':');
    match[{static_cast<std::uint32_t>(std::stoul(item))}] =
        LogIndex(std::stoull(item.substr(colon + 1)));
  }
  return match;
}

TEST(Quorum, MajorityIndexMatchesGoldenFile) {
  golden::run(TESTDATA "/majority_index.txt", [](const golden::Case& c) {
    std::ostringstream out;
    out << majority_index(parse_voters(c.arguments.at("voters")),
                          parse_match(c.arguments.at("match")));
    return out.str();
  });
}

TEST(Quorum, DuplicateVoterIsABug) {
  const std::vector<NodeId> voters = {{1}, {1}};
  const base::CheckContext context("seed=42");
  EXPECT_DEATH((void)majority_index(voters, {}), "CHECK failed.*\n.*seed=42");
}

}  // namespace
}  // namespace raft
