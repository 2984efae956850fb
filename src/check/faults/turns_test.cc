// SPDX-License-Identifier: Apache-2.0
#include "check/faults/turns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace check::faults {
namespace {

constexpr std::chrono::milliseconds kForever{3'600'000};

plan::Step step(std::uint32_t turn, std::uint64_t acknowledged, std::uint64_t leaders) {
  plan::Step result;
  result.at = plan::Point{turn, acknowledged, leaders};
  return result;
}

plan::Plan of_lanes(std::vector<plan::Step> first, std::vector<plan::Step> second = {}) {
  plan::Plan plan;
  plan.lanes.push_back({.steps = std::move(first)});
  plan.lanes.push_back({.steps = std::move(second)});
  return plan;
}

TEST(Turns, ComeInTheirOrderAcrossLanes) {
  const plan::Plan plan = of_lanes({step(1, 0, 0), step(3, 0, 0)}, {step(2, 0, 0), step(4, 0, 0)});
  Turns turns(plan, {[] { return Counts{}; }, kForever});
  const Stop stop;
  std::vector<std::uint32_t> order;  // Written by whoever's turn it is.
  std::vector<std::thread> lanes;
  for (const plan::Lane& lane : plan.lanes) {
    lanes.emplace_back([&] {
      for (const plan::Step& next : lane.steps) {
        EXPECT_TRUE(turns.await(next.at, stop));
        order.push_back(next.at->turn);
        turns.passed(next.at);
      }
    });
  }
  for (std::thread& lane : lanes) lane.join();
  EXPECT_EQ(order, (std::vector<std::uint32_t>{1, 2, 3, 4}));
}

TEST(Turns, WaitForWhatHappenedSinceTheOneBefore) {
  const plan::Plan plan = of_lanes({step(1, 10, 0), step(2, 5, 1)});
  std::atomic<std::uint64_t> acknowledged = 7;  // Before anything: does not count.
  std::atomic<std::uint64_t> leaders = 1;
  Turns turns(plan, {[&] { return Counts{acknowledged, leaders}; }, kForever});
  const Stop stop;
  std::atomic<int> reached = 0;
  std::thread lane([&] {
    for (const plan::Step& next : plan.lanes.front().steps) {
      EXPECT_TRUE(turns.await(next.at, stop));
      turns.passed(next.at);
      ++reached;
    }
  });
  const auto await_reached = [&](int count) {
    while (reached < count) std::this_thread::yield();
  };
  acknowledged = 16;
  leaders = 2;
  EXPECT_EQ(reached, 0);
  acknowledged = 17;
  await_reached(1);
  acknowledged = 22;
  EXPECT_EQ(reached, 1);
  leaders = 3;
  await_reached(2);
  lane.join();
}

TEST(Turns, DoNotWaitForeverForWhatDoesNotHappenAgain) {
  const plan::Plan plan = of_lanes({step(1, 1'000'000, 0)});
  Turns turns(plan, {[] { return Counts{}; }, std::chrono::milliseconds(5)});
  EXPECT_FALSE(turns.await(plan.lanes.front().steps.front().at, Stop()));
}

TEST(Turns, EndWithAStop) {
  const plan::Plan plan = of_lanes({step(1, 1, 0)});
  Turns turns(plan, {[] { return Counts{}; }, kForever});
  Stop stop;
  stop.request("enough");
  EXPECT_FALSE(turns.await(plan.lanes.front().steps.front().at, stop));
}

}  // namespace
}  // namespace check::faults
