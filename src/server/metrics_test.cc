// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.h"

#include <gtest/gtest.h>

namespace server {
namespace {

using std::chrono::microseconds;

TEST(Histogram, HasBucketsThatDouble) {
  Histogram histogram;
  for (const int time : {1, 100, 101, 200, 201}) histogram.add(microseconds(time));
  histogram.add(std::chrono::seconds(60));
  EXPECT_EQ(histogram.counts()[0], 2U);
  EXPECT_EQ(histogram.counts()[1], 2U);
  EXPECT_EQ(histogram.counts()[2], 1U);
  EXPECT_EQ(histogram.counts()[Histogram::kBuckets], 1U);
  EXPECT_DOUBLE_EQ(Histogram::upper_seconds(1), 0.0002);
  EXPECT_EQ(histogram.sum(), microseconds(603) + std::chrono::seconds(60));
}

TEST(Counters, CountOutcomesByKind) {
  Counters counters;
  counters.on_done(true, microseconds(5));
  counters.on_failures({.writes = {0, 1}, .reads = {1, 0}});
  EXPECT_EQ(counters.writes().done, 1U);
  EXPECT_EQ(counters.writes().unknown, 1U);
  EXPECT_EQ(counters.reads().not_done, 1U);
  EXPECT_EQ(counters.writes().latency.counts()[0], 1U);
}

TEST(Counters, CountElectionsOnceEach) {
  Counters counters;
  const raft::NodeId self{1};
  counters.on_standing({raft::Role::Candidate, raft::Term(1), std::nullopt});
  counters.on_standing({raft::Role::Candidate, raft::Term(2), std::nullopt});
  counters.on_standing({raft::Role::Leader, raft::Term(2), self});
  counters.on_standing({raft::Role::Follower, raft::Term(3), std::nullopt});
  counters.on_standing({raft::Role::Follower, raft::Term(3), raft::NodeId{2}});
  EXPECT_EQ(counters.candidacies(), 2U);
  EXPECT_EQ(counters.leaderships(), 1U);
  EXPECT_EQ(counters.leader_changes(), 2U);
}

}  // namespace
}  // namespace server
