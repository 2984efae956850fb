// SPDX-License-Identifier: Apache-2.0
#include "explore/explorer.h"

#include <gtest/gtest.h>

#include <string>

#include "explore/brute_force.h"

namespace explore {
namespace {

Bounds small(std::uint32_t depth) {
  Bounds bounds;
  bounds.depth = depth;
  bounds.memory_bytes = std::uint64_t{64} << 20;
  return bounds;
}

Report explore_alone(const Bounds& bounds) { return run(bounds, 1, work_alone, watch_nothing); }

// One server times out; its request is heard, its vote comes back, its first entry is stored, and
// acknowledged: no state but these.
TEST(Explorer, CountsOneElectionOfTwoServersByHand) {
  Bounds bounds = small(1000);
  bounds.nodes = 2;
  bounds.budget.timeouts = 1;
  const Report report = explore_alone(bounds);
  EXPECT_EQ(report.finish, Finish::Exhausted);
  EXPECT_EQ(report.by_depth, (std::vector<std::uint64_t>{1, 1, 1, 1, 1, 1}));

  bounds.symmetry = false;  // Either of the two.
  EXPECT_EQ(explore_alone(bounds).by_depth, (std::vector<std::uint64_t>{1, 2, 2, 2, 2, 2}));
}

// Every kind of action, with and without the symmetry.
TEST(Explorer, SeesWhatBruteForceSees) {
  Bounds bounds;
  bounds.memory_bytes = std::uint64_t{64} << 20;
  bounds.budget = {2, 1, 1, 1, 1, 1};
  for (const Disks disks : {Disks::Prompt, Disks::Slow}) {
    for (const bool symmetry : {true, false}) {
      bounds.disks = disks;
      bounds.symmetry = symmetry;
      bounds.depth = symmetry && disks == Disks::Prompt ? 5 : 4;
      const Report report = explore_alone(bounds);
      EXPECT_FALSE(report.violation);
      EXPECT_EQ(report.by_depth, count_by_brute_force(bounds)) << describe(bounds);
    }
  }
}

TEST(Explorer, SeesWhatBruteForceSeesWhereLeadersFollowOneAnother) {
  Bounds bounds = small(8);
  bounds.budget.timeouts = 2;
  EXPECT_EQ(explore_alone(bounds).by_depth, count_by_brute_force(bounds));
}

TEST(Explorer, SeesWhatBruteForceSeesOnAWireThatLosesOldTerms) {
  Bounds bounds = small(8);
  bounds.budget.timeouts = 3;
  bounds.flights = 4;
  EXPECT_EQ(explore_alone(bounds).by_depth, count_by_brute_force(bounds));
}

TEST(Explorer, SeesTheSameWithManyWorkers) {
  Bounds bounds = small(8);
  bounds.budget = {3, 1, 1, 1, 0, 1};
  const Report one = explore_alone(bounds);
  for (const std::uint32_t jobs : {2U, 3U}) {
    const Report many = run(bounds, jobs, work_alone, watch_nothing);
    EXPECT_EQ(many.by_depth, one.by_depth);
    EXPECT_EQ(many.progress.actions, one.progress.actions);
    EXPECT_EQ(many.hash, one.hash);
  }
}

TEST(Explorer, FindsNothingInTheCoreThatShips) {
  for (const Disks disks : {Disks::Prompt, Disks::Slow}) {
    Bounds bounds = small(disks == Disks::Slow ? 10 : 12);
    bounds.budget.crashes = 1;
    bounds.disks = disks;
    const Report report = explore_alone(bounds);
    EXPECT_EQ(report.finish, Finish::Depth) << describe(report.finish);
    EXPECT_FALSE(report.violation) << report.violation->sentence;
  }
}

// A server votes for itself, forgets it, and votes for another: four actions, and fewer cannot do.
TEST(Explorer, FindsAPlantedViolationByTheShortestWay) {
  Bounds bounds = small(1000);
  bounds.budget.timeouts = 2;
  bounds.budget.crashes = 1;
  bounds.disks = Disks::Forgetful;
  const Report report = explore_alone(bounds);
  ASSERT_EQ(report.finish, Finish::Violated);
  EXPECT_EQ(report.violation->rule, "one-vote");
  std::string trace;
  for (const std::string& line : report.trace) trace += line + "\n";
  EXPECT_EQ(trace,
            "n1 times out\n"
            "    n1 is Candidate of term 1\n"
            "    n1 -> n2 RequestVote term=1 last=t0.0\n"
            "    n1 -> n3 RequestVote term=1 last=t0.0\n"
            "n1 crashes, loses 0 unsynced records, and starts again\n"
            "    n1 is Follower of term 0\n"
            "n2 times out\n"
            "    n2 is Candidate of term 1\n"
            "    n2 -> n1 RequestVote term=1 last=t0.0\n"
            "    n2 -> n3 RequestVote term=1 last=t0.0\n"
            "deliver n2 -> n1 RequestVote term=1 last=t0.0\n"
            "    n1 is Follower of term 1\n"
            "    n1 -> n2 VoteReply term=1 granted=yes\n");

  const Report of_two = run(bounds, 2, work_alone, watch_nothing);  // Perhaps in another order.
  ASSERT_EQ(of_two.finish, Finish::Violated);
  EXPECT_EQ(of_two.violation->rule, "one-vote");
  EXPECT_EQ(of_two.progress.depth, report.progress.depth);
}

TEST(Explorer, SaysWhenItIsFullOrStopped) {
  Bounds bounds = small(1000);
  bounds.memory_bytes = std::uint64_t{1} << 20;
  EXPECT_EQ(explore_alone(bounds).finish, Finish::Memory);
  bounds = small(1000);
  const Watch stop = [](const Progress& progress) { return progress.states < 50'000; };
  EXPECT_EQ(run(bounds, 1, work_alone, stop).finish, Finish::Stopped);
}

TEST(Explorer, CountsWhatTheBoundOnMessagesForbids) {
  Bounds bounds = small(6);
  bounds.flights = 2;
  EXPECT_GT(explore_alone(bounds).crowded, 0U);
  bounds.flights = kMaxFlights;
  EXPECT_EQ(explore_alone(bounds).crowded, 0U);
}

}  // namespace
}  // namespace explore
