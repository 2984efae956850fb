// SPDX-License-Identifier: Apache-2.0
#include "raft/quorum.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <vector>

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

TEST(Quorum, MajorityReachedMatchesGoldenFile) {
  golden::run(TESTDATA "/majority_reached.txt", [](const golden::Case& c) {
    const std::map<NodeId, LogIndex> match = parse_match(c.arguments.at("match"));
    const std::vector<NodeId> voters = parse_voters(c.arguments.at("voters"));
    std::ostringstream out;
    out << majority_reached(voters, [&match](NodeId voter) {
      const auto report = match.find(voter);
      return report == match.end() ? LogIndex() : report->second;
    });
    return out.str();
  });
}

TEST(Quorum, HalfIsNoMajority) {
  const auto up_to = [](std::uint32_t count) {
    return [count](NodeId voter) { return voter.value <= count; };
  };
  const std::vector<NodeId> four = {{1}, {2}, {3}, {4}};
  EXPECT_FALSE(is_majority(four, up_to(2)));
  EXPECT_TRUE(is_majority(four, up_to(3)));
  EXPECT_TRUE(is_majority(std::vector<NodeId>{{1}}, up_to(1)));
}

TEST(QuorumDeathTest, NobodyIsNoMajority) {
  const base::CheckContext context("seed=42");
  const auto ask = [] {
    return majority_reached(std::vector<NodeId>{}, [](NodeId /*voter*/) { return LogIndex(); });
  };
  EXPECT_DEATH((void)ask(), "CHECK failed.*\n.*seed=42");
}

}  // namespace
}  // namespace raft
