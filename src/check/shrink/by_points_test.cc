// SPDX-License-Identifier: Apache-2.0
#include "check/shrink/by_points.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <sstream>
#include <string>

#include "golden/golden.h"

namespace check::shrink {
namespace {

// "1.25" seconds.
Moment moment(const std::string& seconds) {
  return Moment(static_cast<std::uint64_t>(std::llround(std::stod(seconds) * 1e3)) * 1'000'000);
}

// strike LANE.STEP FAULT_WORDS ARMED FIRED HEALED LEADER | acknowledged TIME... | leaders TIME...
struct Story {
  plan::Plan plan{.name = "recorded"};
  Recorded recorded;

  void tell(const std::string& line) {
    std::istringstream words(line);
    std::string what;
    words >> what;
    if (what == "strike") {
      strike(words);
      return;
    }
    auto& times = what == "leaders" ? recorded.leaders : recorded.acknowledged;
    for (std::string time; words >> time;) times.push_back(moment(time));
  }

 private:
  void strike(std::istringstream& words) {
    Strike next;
    char dot = 0;
    std::string kind;
    std::string target;
    std::string armed;
    std::string fired;
    std::string healed;
    std::uint32_t leader = 0;
    words >> next.lane >> dot >> next.step >> kind >> target >> armed >> fired >> healed >> leader;
    next.armed = moment(armed);
    next.fired = moment(fired);
    next.healed = moment(healed);
    if (leader > 0) next.leader = history::NodeId{leader};
    if (plan.lanes.size() < next.lane) plan.lanes.resize(next.lane);
    auto& steps = plan.lanes[next.lane - 1].steps;
    if (steps.size() < next.step) steps.resize(next.step);
    steps[next.step - 1].fault = plan::parse_fault(kind + ' ' + target).value();
    recorded.strikes.push_back(next);
  }
};

std::string text(const plan::Point& point) {
  return "turn " + std::to_string(point.turn) + ", " + std::to_string(point.acknowledged) +
         " acknowledged, " + std::to_string(point.leaders) + " leaders";
}

std::string text(const plan::Plan& plan) {
  std::ostringstream out;
  for (const plan::Lane& lane : plan.lanes) {
    for (const plan::Step& step : lane.steps) {
      out << "lane " << &lane - plan.lanes.data() + 1 << ": " << plan::describe(step.fault)
          << " at " << text(*step.at) << ", then " << step.gap << "; until " << text(*step.until)
          << ", then " << step.length << "; led " << step.led.value << '\n';
    }
  }
  return std::move(out).str();
}

TEST(ByPoints, IsAsInTheGoldenFile) {
  golden::run_blocks(TESTDATA "/by_points.txt", [](const golden::Block& block) {
    Story story;
    for (const std::string& line : block) story.tell(line);
    std::string result = text(by_points(story.plan, story.recorded));
    while (result.ends_with('\n')) result.pop_back();
    return result;
  });
}

TEST(ByPoints, TakesOverNothingThatWasNotStruckAndRequiresNothing) {
  plan::Plan plan{.name = "p", .lanes = {{.steps = {plan::Step{}, plan::Step{}}}, {}}};
  plan.require.fired["kill"] = 2;
  Recorded recorded;
  recorded.strikes.push_back({.lane = 1, .step = 2});
  const plan::Plan result = by_points(plan, recorded);
  ASSERT_EQ(result.lanes.size(), 1U);
  EXPECT_EQ(result.lanes.front().steps.size(), 1U);
  EXPECT_TRUE(result.require.fired.empty());
}

}  // namespace
}  // namespace check::shrink
