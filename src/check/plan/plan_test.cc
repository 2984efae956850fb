// SPDX-License-Identifier: Apache-2.0
#include "check/plan/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "check/plan/schedule.h"
#include "check/plan/shape.h"
#include "golden/golden.h"

namespace check::plan {
namespace {

Key key(const std::string& name, std::uint32_t line) { return {name, {line, 1}}; }
Value text(const std::string& value, std::uint32_t line) { return {value, {line, 8}}; }
Value number(std::int64_t value, std::uint32_t line) { return {value, {line, 8}}; }

Document document(Table root) { return {"mine.toml", std::move(root)}; }

Lane deck(std::vector<Fault> faults) {
  return {.faults = std::move(faults), .gap = {500, 1000}, .length = {300, 1000, 5000}};
}

const Fault kKillLeader{FaultKind::Kill, Target::Leader};
const Fault kPauseOne{FaultKind::Pause, Target::One};
const Fault kRing{FaultKind::Partition, Target::Ring};

std::vector<NodeId> first_nodes(std::uint64_t count) {
  std::vector<NodeId> nodes;
  for (std::uint32_t k = 1; k <= count; ++k) nodes.push_back({k});
  return nodes;
}

std::string nodes_text(const Fault& fault, const Scene& scene) {
  std::ostringstream out;
  if (strikes_network(fault.kind)) {
    // One line a sender: whom it does not reach.
    for (const NodeId from : scene.order) {
      out << (from == scene.order.front() ? "" : "\n") << from << " cut to";
      for (const DirectedPair& pair : pairs_of(fault.target, scene)) {
        if (pair.from == from) out << ' ' << pair.to;
      }
    }
    return out.str();
  }
  const char* separator = "";
  for (const NodeId node : nodes_of(fault.target, scene)) {
    out << separator << node;
    separator = " ";
  }
  return out.str();
}

TEST(Shape, OfEveryTargetIsAsInTheGoldenFile) {
  golden::run(TESTDATA "/shapes.txt", [](const golden::Case& c) {
    std::string words = c.arguments.at("fault");
    std::ranges::replace(words, '_', ' ');
    const auto fault = parse_fault(words);
    if (!fault.ok()) return fault.error().message;
    const std::vector<NodeId> order = first_nodes(std::stoull(c.arguments.at("nodes")));
    const NodeId leader{static_cast<std::uint32_t>(std::stoul(c.arguments.at("leader")))};
    return nodes_text(fault.value(), {order, leader});
  });
}

TEST(Fault, IsReadBackFromItsDescription) {
  for (const FaultWord& kind : fault_words()) {
    for (const TargetWord& target : target_words()) {
      if (!fits(kind.kind, target.target)) continue;
      for (const bool quiet : {false, true}) {
        const Fault fault{kind.kind, target.target, quiet};
        const auto again = parse_fault(describe(fault));
        ASSERT_TRUE(again.ok()) << describe(fault);
        EXPECT_EQ(again.value(), fault);
      }
    }
  }
}

TEST(Plan, ComplainsWithFileLineColumnAndTheNearestWord) {
  const Document misspelt =
      document({{key("name", 1), text("x", 1)}, {key("lanes", 3), text("y", 3)}});
  EXPECT_EQ(read_plan(misspelt).error().message,
            "mine.toml:3:1: unknown key 'lanes' in the plan; did you mean 'lane'?");
  EXPECT_EQ(read_plan(document({})).error().message,
            "mine.toml:1:1: a plan needs a 'name', such as name = \"mine\"");
  const Document clients =
      document({{key("name", 1), text("x", 1)},
                {key("clients", 2), {Table{{key("count", 2), number(-4, 2)}}, {2, 1}}}});
  EXPECT_EQ(read_plan(clients).error().message,
            "mine.toml:2:8: 'count' must be a whole number from 0 to 1000");
}

TEST(Schedule, IsTheSameForTheSameSeed) {
  Plan plan{.name = "p", .lanes = {deck({kKillLeader, kPauseOne})}};
  EXPECT_EQ(write_plan(drawn(plan, 7, 5, 50)), write_plan(drawn(plan, 7, 5, 50)));
  EXPECT_NE(write_plan(drawn(plan, 7, 5, 50)), write_plan(drawn(plan, 8, 5, 50)));
}

TEST(Schedule, DealsEveryFaultOnceBeforeAnyComesAgain) {
  const std::vector<Fault> faults = {kKillLeader, kPauseOne, kRing};
  const Plan plan = drawn({.name = "p", .lanes = {deck(faults)}}, 3, 5, 30);
  const std::vector<Step>& steps = plan.lanes.front().steps;
  ASSERT_EQ(steps.size(), 30U);
  for (std::size_t round = 0; round < 30; round += 3) {
    for (const Fault& fault : faults) {
      EXPECT_EQ(std::count_if(steps.begin() + static_cast<std::ptrdiff_t>(round),
                              steps.begin() + static_cast<std::ptrdiff_t>(round) + 3,
                              [&](const Step& step) { return step.fault == fault; }),
                1);
    }
  }
}

TEST(Schedule, LeavesOutOfADeckWhatStrikesNothing) {
  const Plan plan = drawn({.name = "p", .lanes = {deck({kRing, kKillLeader})}}, 3, 3, 30);
  for (const Step& step : plan.lanes.front().steps) EXPECT_EQ(step.fault, kKillLeader);
}

TEST(Schedule, RefusesALaneOrAStepThatStrikesNothing) {
  const Plan ring_alone{.name = "p", .lanes = {deck({kRing})}};
  EXPECT_TRUE(check_applicable(ring_alone, 5).ok());
  EXPECT_FALSE(check_applicable(ring_alone, 3).ok());
  const Lane written{.written = true, .steps = {{.fault = kKillLeader}, {.fault = kRing}}};
  const base::Status refused = check_applicable({.name = "p", .lanes = {written}}, 3);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(
      refused.error().message,
      "plan 'p': \"partition ring\" strikes nothing in a cluster of 3 nodes; give more --nodes");
}

TEST(Schedule, RefusesARuleAboutANodeThatIsNotThere) {
  const Who fourth{.kind = Who::Kind::Node, .number = 4};
  const Rule strikes{.name = "a", .actions = {{.kind = ActionKind::Kill, .who = fourth}}};
  const Rule cuts{.name = "a", .actions = {{.kind = ActionKind::Cut, .other = fourth}}};
  const Rule sees{.name = "a", .when = {.from = fourth}};
  for (const Rule& rule : {strikes, cuts, sees}) {
    EXPECT_TRUE(check_applicable({.name = "p", .rules = {rule}}, 4).ok());
    const base::Status refused = check_applicable({.name = "p", .rules = {rule}}, 3);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message,
              "plan 'p': rule 'a' names a node that is not there in a cluster of 3 nodes; give "
              "more --nodes");
  }
}

TEST(Schedule, NeverLeavesOutAWrittenStep) {
  const Lane written{.written = true,
                     .steps = {{.fault = kKillLeader}, {.fault = kPauseOne, .gap = 50'000}}};
  const Plan plan = fitted(drawn({.name = "p", .lanes = {written}}, 3, 3, 30), 5000, 1000, 300);
  EXPECT_EQ(plan.lanes.front().steps.size(), 2U);
}

TEST(Schedule, KnowsTheSmallestTimeThatHasRoomForWhatIsRequired) {
  Plan plan{.name = "p",
            .lanes = {deck({kKillLeader, kPauseOne}), deck({kRing})},
            .require = {.fired = {{"pause", 2}, {"partition", 3}}}};
  const Plan whole = drawn(plan, 3, 5, 100);
  const auto fired = [](const Plan& part, FaultKind kind) {
    std::size_t count = 0;
    for (const Lane& lane : part.lanes) {
      count += static_cast<std::size_t>(
          std::ranges::count(lane.steps, kind, [](const Step& step) { return step.fault.kind; }));
    }
    return count;
  };
  const auto enough = [&](std::uint64_t time_ms) {
    const Plan part = fitted(whole, time_ms, 1000, 300);
    return fired(part, FaultKind::Pause) >= 2 && fired(part, FaultKind::Partition) >= 3;
  };
  const std::optional<std::uint64_t> needed = time_needed(whole, 1000, 300);
  ASSERT_TRUE(needed);
  EXPECT_TRUE(enough(*needed));
  EXPECT_FALSE(enough(*needed - 1));

  plan.require.fired = {{"hold", 1}};
  EXPECT_FALSE(time_needed(drawn(plan, 3, 5, 100), 1000, 300));
  plan.require.fired = {};
  EXPECT_EQ(time_needed(drawn(plan, 3, 5, 100), 1000, 300), 0U);
}

TEST(Schedule, FitsIntoTheTime) {
  const Plan whole = drawn({.name = "p", .lanes = {deck({kKillLeader})}}, 3, 5, 100);
  const Plan part = fitted(whole, 20'000, 1000, 300);
  std::uint64_t end_ms = 0;
  for (const Step& step : part.lanes.front().steps) end_ms += step.gap + step.length + 300;
  EXPECT_LE(end_ms, 20'000U);
  const Step& next = whole.lanes.front().steps[part.lanes.front().steps.size()];
  EXPECT_GT(end_ms + next.gap + next.length + 300, 20'000U);
}

}  // namespace
}  // namespace check::plan
