// SPDX-License-Identifier: Apache-2.0
#include "raft/progress.h"

#include <gtest/gtest.h>

namespace raft {
namespace {

// As a leader of entries 1..9 sees a follower that has 1..4, with 5..7 on their way.
Progress make_pipeline() {
  Progress progress(LogIndex(5), {3});
  progress.on_success(LogIndex(4));
  progress.on_sent(LogIndex(5));
  progress.on_sent(LogIndex(7));
  return progress;
}

TEST(Progress, ProbesOneMessageAtATime) {
  Progress progress(LogIndex(5), {3});
  EXPECT_TRUE(progress.may_send());
  progress.on_sent(LogIndex(9));
  EXPECT_FALSE(progress.may_send());
  EXPECT_EQ(progress.next(), LogIndex(5));
  EXPECT_TRUE(progress.on_refusal(LogIndex(4), LogIndex(2)));
  EXPECT_EQ(progress.next(), LogIndex(3));
  EXPECT_TRUE(progress.may_send());
}

TEST(Progress, PipelinesUpToItsWindow) {
  Progress progress = make_pipeline();
  EXPECT_EQ(progress.next(), LogIndex(8));
  progress.on_sent(LogIndex(8));
  EXPECT_FALSE(progress.may_send());
  progress.on_success(LogIndex(7));  // Answers the message before, too.
  EXPECT_EQ(progress.inflight(), 1U);
  EXPECT_EQ(progress.match(), LogIndex(7));
  EXPECT_TRUE(progress.may_send());
}

TEST(Progress, LateSuccessChangesNothing) {
  Progress progress = make_pipeline();
  progress.on_success(LogIndex(7));
  progress.on_success(LogIndex(5));
  EXPECT_EQ(progress.match(), LogIndex(7));
  EXPECT_EQ(progress.next(), LogIndex(8));
}

TEST(Progress, RefusalOfWhatMatchesIsOld) {
  Progress progress = make_pipeline();
  EXPECT_FALSE(progress.on_refusal(LogIndex(4), LogIndex(0)));
  EXPECT_FALSE(progress.on_refusal(LogIndex(0), LogIndex(0)));
  EXPECT_EQ(progress.mode(), Progress::Mode::Pipeline);
  EXPECT_EQ(progress.next(), LogIndex(8));
}

TEST(Progress, RefusalOfWhatIsNotBeingAskedIsOld) {
  Progress progress = make_pipeline();
  EXPECT_FALSE(
      progress.on_refusal(LogIndex(8), LogIndex(0)));  // Not sent since the last step back.
  EXPECT_TRUE(progress.on_refusal(LogIndex(7), LogIndex(5)));
  EXPECT_EQ(progress.next(), LogIndex(6));
  EXPECT_EQ(progress.inflight(), 0U);
  EXPECT_FALSE(progress.on_refusal(LogIndex(7), LogIndex(4)));  // The same again.
  EXPECT_EQ(progress.next(), LogIndex(6));
}

TEST(Progress, AGuessLeadsNeitherBelowTheMatchNorNowhere) {
  Progress low = make_pipeline();
  EXPECT_TRUE(low.on_refusal(LogIndex(7), LogIndex(0)));
  EXPECT_EQ(low.next(), LogIndex(5));
  Progress high = make_pipeline();
  EXPECT_TRUE(high.on_refusal(LogIndex(7), LogIndex(99)));
  EXPECT_EQ(high.next(), LogIndex(7));
}

}  // namespace
}  // namespace raft
