// SPDX-License-Identifier: Apache-2.0
#include "raft/quorum.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
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

// Sets of up to seven servers as bits: bit i stands for server i + 1.
constexpr std::uint32_t kServers = 7;
using Set = std::uint32_t;
constexpr Set kAll = (1U << kServers) - 1;

bool has(Set set, NodeId id) { return (set >> (id.value - 1) & 1U) != 0; }

std::vector<NodeId> ids_of(Set set) {
  std::vector<NodeId> ids;
  for (std::uint32_t id = 1; id <= kServers; ++id) {
    if (has(set, {id})) ids.push_back({id});
  }
  return ids;
}

Quorum quorum_of(Set voters, Set outgoing) {
  Configuration configuration = configuration_of(ids_of(voters));
  configuration.outgoing = configuration_of(ids_of(outgoing)).voters;
  return Quorum(configuration);
}

// All sets of servers that agree for the whole, as one bit each.
using Agreeing = std::vector<bool>;
Agreeing agreeing(const Quorum& quorum) {
  Agreeing sets(kAll + 1);
  for (Set set = 0; set <= kAll; ++set) {
    sets[set] = quorum.holds([set](NodeId id) { return has(set, id); });
  }
  return sets;
}

// Does each agreeing set of one have a server in common with each of the other? It does if and only
// if no complement of an agreeing set of one agrees in the other: larger sets agree, too.
bool always_meet(const Agreeing& one, const Agreeing& other) {
  for (Set set = 0; set <= kAll; ++set) {
    if (one[set] && other[kAll & ~set]) return false;
  }
  return true;
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

TEST(Quorum, NobodyAgreesToNothing) {
  EXPECT_FALSE(Quorum().holds([](NodeId /*id*/) { return true; }));
  EXPECT_FALSE(Quorum().contains({1}));
}

// Every configuration of up to seven servers, simple or joint, against counting by hand.
TEST(Quorum, AgreesWhenMoreThanHalfOfEachHalfAgrees) {
  for (Set voters = 1; voters <= kAll; ++voters) {
    for (Set outgoing = 0; outgoing <= kAll; ++outgoing) {
      const Quorum quorum = quorum_of(voters, outgoing);
      // Sets that agree are those that do within the members.
      const Set members = voters | outgoing;
      for (Set set = members;; set = (set - 1) & members) {
        const bool incoming = 2 * std::popcount(set & voters) > std::popcount(voters);
        const bool leaving =
            outgoing == 0 || 2 * std::popcount(set & outgoing) > std::popcount(outgoing);
        const bool agree = quorum.holds([set](NodeId id) { return has(set, id); });
        ASSERT_EQ(agree, incoming && leaving) << voters << ' ' << outgoing << ' ' << set;
        if (set == 0) break;
      }
    }
  }
}

// Two quorums of one configuration meet, and so do those of the two that follow each other in a
// change: any voters to any others by way of the joint ones, or by one voter at once. Hazards A16,
// C2, C3, C7.
TEST(Quorum, QuorumsOfOneChangeAlwaysMeet) {
  std::vector<Agreeing> simple(kAll + 1);
  for (Set voters = 1; voters <= kAll; ++voters) {
    simple[voters] = agreeing(quorum_of(voters, 0));
    ASSERT_TRUE(always_meet(simple[voters], simple[voters])) << voters;
  }
  for (Set from = 1; from <= kAll; ++from) {
    for (Set to = 1; to <= kAll; ++to) {
      if (std::popcount(from ^ to) <= 1) {
        ASSERT_TRUE(always_meet(simple[from], simple[to])) << from << ' ' << to;
      }
      const Agreeing joint = agreeing(quorum_of(to, from));
      ASSERT_TRUE(always_meet(simple[from], joint)) << from << ' ' << to;
      ASSERT_TRUE(always_meet(joint, joint)) << from << ' ' << to;
      ASSERT_TRUE(always_meet(joint, simple[to])) << from << ' ' << to;
    }
  }
}

TEST(Quorum, TwoVotersAtOnceMayNotMeet) {
  const Set three = 0b00111;
  const Set five = 0b11111;
  EXPECT_FALSE(always_meet(agreeing(quorum_of(three, 0)), agreeing(quorum_of(five, 0))));
}

// What a quorum has reached is the highest mark that one agrees to have reached.
TEST(Quorum, ReachedIsTheHighestThatHolds) {
  const bool holds = rc::check([] {
    const Set voters = *rc::gen::inRange<Set>(1, kAll + 1);
    const Set outgoing = *rc::gen::inRange<Set>(0, kAll + 1);
    const auto marks = *rc::gen::container<std::vector<std::uint64_t>>(
        kServers, rc::gen::inRange<std::uint64_t>(0, 9));
    const Quorum quorum = quorum_of(voters, outgoing);
    const auto mark = [&marks](NodeId id) { return LogIndex(marks[id.value - 1]); };
    const LogIndex reached = quorum.reached(mark);
    RC_ASSERT(quorum.holds([&](NodeId id) { return mark(id) >= reached; }));
    RC_ASSERT(!quorum.holds([&](NodeId id) { return mark(id) > reached; }));
  });
  EXPECT_TRUE(holds);
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
