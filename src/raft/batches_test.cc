// SPDX-License-Identifier: Apache-2.0
#include "raft/batches.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace raft {
namespace {

constexpr std::uint64_t kBytes = 3 * (kEntryOverheadBytes + 1);  // Three entries of one letter.

class BatchesTest : public testing::Test {
 protected:
  BatchesTest() { grow(5); }

  void grow(std::uint64_t count) {
    for (; count > 0; --count) {
      const LogIndex index = log_.last().index.next();
      log_.append({{Term(1), index}, EntryKind::Command, std::make_shared<const std::string>("x")},
                  StepNumber(index.value()));
    }
  }
  Entries after(std::uint64_t previous) {
    return batches_.after(LogIndex(previous), log_, kBytes).entries;
  }

  Log log_{{}};
  Batches batches_;
};

TEST_F(BatchesTest, TakeWhatFitsAndGoOnBehindIt) {
  const Entries first = after(0);
  ASSERT_EQ(first.size(), 3U);
  EXPECT_EQ(first.front().id.index, LogIndex(1));
  EXPECT_EQ(batches_.after(LogIndex(0), log_, kBytes).bytes, kBytes);
  const Entries rest = after(3);
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_EQ(rest.front().id.index, LogIndex(4));
}

TEST_F(BatchesTest, ShareWhatIsEqual) {
  EXPECT_TRUE(after(0).is_same(after(0)));
  EXPECT_TRUE(after(3).is_same(after(3)));
  EXPECT_FALSE(after(0).is_same(after(1)));
}

TEST_F(BatchesTest, FullOnesStayAndOthersGrowWithTheLog) {
  const Entries full = after(0);
  const Entries rest = after(3);
  grow(1);
  EXPECT_TRUE(after(0).is_same(full));
  EXPECT_EQ(after(3).size(), 3U);
  EXPECT_EQ(rest.size(), 2U);  // The message that has it keeps it as it was.
}

TEST_F(BatchesTest, MemoryThatNoMessageNeedsIsUsedAgain) {
  const Entry* const memory = after(3).begin();
  for (int i = 0; i < 100; ++i) {
    grow(1);
    const Entries next = after(log_.last().index.value() - 1);
    ASSERT_EQ(next.size(), 1U);
    EXPECT_EQ(next.begin(), memory);
    EXPECT_EQ(next.front().id, log_.last());
  }
}

TEST_F(BatchesTest, MessagesOnTheirWayAreNeverTouched) {
  std::vector<Entries> sent;
  for (std::uint64_t i = 0; i < 50; ++i) {
    grow(1);
    sent.push_back(after(i));
    batches_.trim();
  }
  for (std::uint64_t i = 0; i < 50; ++i) EXPECT_EQ(sent[i].front().id.index, LogIndex(i + 1));
}

TEST_F(BatchesTest, WhatIsNotUsedIsLetGo) {
  const std::weak_ptr<const std::string> payload = log_.at(LogIndex(1)).payload;
  after(0);
  {
    std::vector<Entry> applied;
    log_.commit_to(LogIndex(5), applied);
  }
  log_.compact_later(LogIndex(5));
  EXPECT_TRUE(log_.compact_some());
  EXPECT_FALSE(payload.expired());
  batches_.trim();
  EXPECT_TRUE(payload.expired());
}

}  // namespace
}  // namespace raft
