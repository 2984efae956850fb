// SPDX-License-Identifier: Apache-2.0
#include "raft/configuration.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "raft/membership.h"
#include "raft/quorum.h"

namespace raft {
namespace {

Configuration sample() {
  return {{{{1}, "n1:7001"}, {{2}, ""}}, {{{3}, "[::1]:7003"}}, {{{1}, "old:1"}, {{4}, ""}}};
}

std::string error_of(const Configuration& configuration) {
  const base::Status status = validate(configuration);
  return status.ok() ? "" : status.error().message;
}

std::vector<Member> arbitrary_members(std::size_t most) {
  const auto ids = *rc::gen::unique<std::vector<std::uint32_t>>(rc::gen::inRange(1U, 1000U));
  std::vector<Member> members;
  for (const std::uint32_t id : ids) {
    if (members.size() == most) break;
    members.push_back({{id}, *rc::gen::arbitrary<std::string>()});
    members.back().address.resize(std::min(members.back().address.size(), kMaxAddressBytes));
  }
  std::ranges::sort(members, {}, &Member::id);
  return members;
}

TEST(Configuration, ComesBackFromItsBytes) {
  const bool holds = rc::check([] {
    Configuration configuration;
    configuration.voters = arbitrary_members(kMaxVoters);
    RC_PRE(!configuration.voters.empty());
    configuration.outgoing = arbitrary_members(kMaxVoters);
    for (const Member& member : arbitrary_members(kMaxLearners)) {
      const Configuration& now = configuration;
      const auto same = [&member](const Member& voter) { return voter.id == member.id; };
      if (std::ranges::none_of(now.voters, same)) configuration.learners.push_back(member);
    }
    const auto back = decode_configuration(encode(configuration));
    RC_ASSERT(back.ok());
    RC_ASSERT(back.value() == configuration);
  });
  EXPECT_TRUE(holds);
}

TEST(Configuration, AnyBytesAreAConfigurationOrAnError) {
  const bool holds = rc::check([](std::string bytes) {
    if (!bytes.empty()) bytes[0] = 1;
    const auto read = decode_configuration(bytes);
    if (read.ok()) RC_ASSERT(encode(read.value()) == bytes);
  });
  EXPECT_TRUE(holds);
  const std::string whole = encode(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_configuration(whole.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(decode_configuration(whole + '\0').ok());
}

TEST(Configuration, HasTheBytesOfItsPage) {
  const Configuration configuration{{{{1}, "a:1"}, {{2}, ""}}, {{{3}, ""}}, {}};
  const std::string bytes = encode(configuration);
  const std::string expected(
      "\x01"
      "\x02\x01\0\0\0\x03"
      "a:1"
      "\x02\0\0\0\0"
      "\x01\x03\0\0\0\0"
      "\0",
      22);
  EXPECT_EQ(bytes, expected);
}

TEST(Configuration, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(error_of({}), "configuration: nobody votes");
  EXPECT_EQ(error_of(configuration_of({{1}, {1}})),
            "configuration: the voters are not in order at n1");
  EXPECT_EQ(error_of(configuration_of({{0}})),
            "configuration: a member among the voters has the id 0");
  Configuration both = configuration_of({{1}, {2}});
  both.learners = {{{2}, ""}};
  EXPECT_EQ(error_of(both), "configuration: n2 is both voter and learner");
  Configuration far = configuration_of({{1}});
  far.voters[0].address = std::string(kMaxAddressBytes + 1, 'x');
  EXPECT_EQ(error_of(far), "configuration: the address of n1 is too long");
  std::vector<NodeId> many;
  for (std::uint32_t id = 1; id <= kMaxVoters + 1; ++id) many.push_back({id});
  EXPECT_EQ(error_of(configuration_of(many)), "configuration: 33 voters, at most 32 are possible");
}

TEST(Configuration, FindsItsMembers) {
  const Configuration configuration = sample();
  EXPECT_TRUE(configuration.is_joint());
  EXPECT_TRUE(configuration.has_voter({4}));
  EXPECT_FALSE(configuration.has_voter({3}));
  EXPECT_TRUE(configuration.has_learner({3}));
  EXPECT_EQ(configuration.find({1})->address, "n1:7001");
  EXPECT_EQ(configuration.find({9}), nullptr);
  EXPECT_EQ(configuration.ids(), (std::vector<NodeId>{{1}, {2}, {3}, {4}}));
}

// Hazards C13, C14: what is cut off counts no more, and what was before it counts again.
TEST(Membership, GoesBackToWhatWasBeforeTheCut) {
  Membership membership(configuration_of({{1}}), LogIndex(3));
  membership.append(LogIndex(5), configuration_of({{1}, {2}}));
  membership.append(LogIndex(9), configuration_of({{1}, {2}, {3}}));
  EXPECT_EQ(membership.at(LogIndex(4)), configuration_of({{1}}));
  EXPECT_EQ(membership.at(LogIndex(8)), configuration_of({{1}, {2}}));
  membership.truncate_from(LogIndex(7));
  EXPECT_EQ(membership.current(), configuration_of({{1}, {2}}));
  EXPECT_EQ(membership.index(), LogIndex(5));
  membership.truncate_from(LogIndex(4));
  EXPECT_EQ(membership.current(), configuration_of({{1}}));
}

// Hazard C16: the log forgets entries, the cluster does not forget its members.
TEST(Membership, OutlivesTheEntriesThatMadeIt) {
  Membership membership(configuration_of({{1}}), LogIndex(0));
  membership.append(LogIndex(5), configuration_of({{1}, {2}}));
  membership.append(LogIndex(9), configuration_of({{1}, {2}, {3}}));
  membership.compact_through(LogIndex(7));
  EXPECT_EQ(membership.at(LogIndex(7)), configuration_of({{1}, {2}}));
  EXPECT_EQ(membership.current(), configuration_of({{1}, {2}, {3}}));
  membership.check_invariants();
}

}  // namespace
}  // namespace raft
