// SPDX-License-Identifier: Apache-2.0
// A timed run is nothing but its list of actions; and a run is the same whenever it is made.
#include "sim/script.h"

#include <gtest/gtest.h>

#include "golden/golden.h"
#include "sim/shrink.h"
#include "sim/world.h"

namespace sim {
namespace {

constexpr std::uint64_t kEvents = 600;

// The run of a seed, as it is written down.
Scenario recorded(std::uint64_t seed, std::uint64_t& hash) {
  const Options options = draw(seed, 3, kEvents);
  World world(options);
  Scenario scenario;
  scenario.setup = options.setup;
  world.cluster().set_watch({[&](Action action) {
                               action.number =
                                   static_cast<std::uint32_t>(world.cluster().actions() + 1);
                               scenario.actions.push_back(action);
                             },
                             {}});
  world.run();
  EXPECT_FALSE(world.violation()) << "seed " << seed << ": " << world.violation()->sentence;
  hash = world.cluster().hash();
  return scenario;
}

TEST(World, GivesTheSameRunForTheSameSeed) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::uint64_t once = 0;
    std::uint64_t again = 0;
    recorded(seed, once);
    recorded(seed, again);
    EXPECT_EQ(once, again) << "seed " << seed;
  }
}

TEST(World, GivesOtherRunsForOtherSeeds) {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  recorded(1, first);
  recorded(2, second);
  EXPECT_NE(first, second);
}

TEST(Script, PlaysWhatATimedRunWas) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::uint64_t hash = 0;
    const Scenario scenario = recorded(seed, hash);
    const base::Result<Scenario> read = parse_scenario(describe(scenario));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(describe(read.value()), describe(scenario));
    Script script(read.value());
    script.run();
    EXPECT_FALSE(script.cluster().violation());
    EXPECT_EQ(script.cluster().hash(), hash) << "seed " << seed;
  }
}

// Shrinking leaves out what a question needs. (Memory was written that is nobody's.)
TEST(Script, AsksAMachineWithoutSessionsForOne) {
  std::uint64_t asked = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::uint64_t hash = 0;
    Scenario scenario = recorded(seed, hash);
    if (scenario.setup.sessions == 0) continue;
    scenario.setup.sessions = 0;
    for (const Action& action : scenario.actions) {
      asked += action.question.function == Function::Open ? 1U : 0U;
    }
    Script script(scenario);
    script.run();
    EXPECT_FALSE(script.cluster().violation()) << "seed " << seed;
  }
  EXPECT_GT(asked, 0U);
}

// What is wanted: that a second leader is elected. Everything else goes.
TEST(Shrink, LeavesWhatIsNeeded) {
  std::uint64_t hash = 0;
  const Scenario scenario = recorded(3, hash);
  const auto elects_two = [](const Scenario& candidate) {
    Script script(candidate);
    script.run();
    return !script.cluster().violation() &&
           script.cluster().coverage().count(Probe::LeaderElected) >= 2;
  };
  ASSERT_TRUE(elects_two(scenario));
  const Scenario small = renumbered(shrink(scenario, elects_two));
  EXPECT_TRUE(elects_two(small));
  EXPECT_LE(small.actions.size(), 25U) << describe(small);
}

TEST(Rest, ComesAfterAnyFaults) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    std::uint64_t hash = 0;
    Scenario scenario = recorded(seed, hash);
    scenario.actions.resize(scenario.actions.size() / 2);
    scenario.rest = true;
    Script script(scenario);
    script.run();
    EXPECT_FALSE(script.cluster().violation())
        << "seed " << seed << ": " << script.cluster().violation()->sentence;
  }
}

// Each block is a scenario; the answer is what the world then is.
TEST(Scenario, SaysWhatIsWrongWithIt) {
  golden::run_blocks(TESTDATA "/scenarios.txt", [](const golden::Block& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    const base::Result<Scenario> scenario = parse_scenario(text);
    if (!scenario.ok()) return scenario.error().message;
    Script script(scenario.value());
    std::string trace;
    script.cluster().set_trace([&trace](const std::string& line) { trace += line + "\n"; });
    script.run();
    if (script.cluster().violation()) trace += script.cluster().violation()->sentence + "\n";
    if (!trace.empty()) trace.pop_back();
    return trace;
  });
}

}  // namespace
}  // namespace sim
