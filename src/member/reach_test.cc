// SPDX-License-Identifier: Apache-2.0
#include "member/reach.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace member {
namespace {

using raft::LogIndex;
using raft::Term;

raft::Configuration configuration(const std::vector<std::uint32_t>& ids) {
  raft::Configuration result;
  for (const std::uint32_t id : ids) {
    result.voters.push_back({{id}, "127.0.0.1:700" + std::to_string(id)});
  }
  return result;
}

class ReachTest : public testing::Test {
 protected:
  static raft::Node make_node() {
    raft::Config config;
    config.self = {2};
    config.initial = configuration({1, 2, 3});
    return {std::move(config), raft::Recovered{}};
  }

  // n1, the leader, says that `next` follows entry `previous`, and how far it is committed.
  void append(LogIndex previous, LogIndex commit, const std::vector<std::uint32_t>& next) {
    raft::AppendEntries append{
        Term(1), {Term(previous.value() > 0 ? 1 : 0), previous}, commit, 0, {}};
    if (!next.empty()) {
      append.entries.edit().push_back(
          {{Term(1), previous.next()},
           raft::EntryKind::Configuration,
           std::make_shared<const std::string>(raft::encode(configuration(next)))});
    }
    (void)node_.step(raft::Receive{{1}, std::move(append)});
  }
  bool follow() { return reach_.follow(node_, now_); }
  bool reaches(std::uint32_t id) const { return reach_.peers().count({id}) > 0; }

  raft::Node node_ = make_node();
  Reach reach_;
  std::uint64_t now_ = 0;
};

TEST_F(ReachTest, IsTheConfiguration) {
  EXPECT_TRUE(follow());
  EXPECT_EQ(reach_.peers().size(), 3U);
  EXPECT_FALSE(follow());
}

TEST_F(ReachTest, NewMembersAreReachedBeforeTheyAreCommitted) {
  follow();
  append(LogIndex(), LogIndex(), {1, 2, 3, 4});
  EXPECT_TRUE(follow());
  EXPECT_TRUE(reaches(4));
}

TEST_F(ReachTest, TheLeaderThatIsRemovedIsAnsweredUntilItsRemovalIsCommittedAndAWhileLonger) {
  follow();
  append(LogIndex(), LogIndex(), {2, 3});
  for (now_ = 1; now_ < 100; ++now_) {
    EXPECT_FALSE(follow());
    ASSERT_TRUE(reaches(1)) << now_;
  }
  append(LogIndex(1), LogIndex(1), {});
  const std::uint64_t committed_at = now_;
  while (reaches(1)) {
    ASSERT_LT(now_, 200U);
    now_ += 1;
    follow();
  }
  EXPECT_GT(now_, committed_at + node_.config().election_ticks_max - 1);
  EXPECT_EQ(reach_.peers().size(), 2U);
  EXPECT_FALSE(follow());
}

TEST_F(ReachTest, AServerThatRestartsReachesTheLeaderWhoseRemovalIsNotCommitted) {
  append(LogIndex(), LogIndex(), {2, 3});
  EXPECT_TRUE(follow());
  EXPECT_TRUE(reaches(1));
}

}  // namespace
}  // namespace member
