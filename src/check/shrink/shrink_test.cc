// SPDX-License-Identifier: Apache-2.0
#include "check/shrink/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "golden/golden.h"

namespace check::shrink {
namespace {

// A demand on a plan: a fault with a length (points count as any), or at least so many clients.
struct Demand {
  std::string fault;
  std::uint32_t length = 0;
  std::uint32_t clients = 0;
};

bool meets(const plan::Plan& plan, const Demand& demand) {
  if (demand.fault.empty()) return plan.work.clients >= demand.clients && plan.work.read > 0;
  return std::ranges::any_of(plan.lanes, [&](const plan::Lane& lane) {
    return std::ranges::any_of(lane.steps, [&](const plan::Step& step) {
      return plan::describe(step.fault) == demand.fault &&
             (step.until || step.length >= demand.length);
    });
  });
}

// The lines of a block:
//   lane KIND TARGET, KIND TARGET, ...     faults, by points; turns go around the lanes
//   needs KIND TARGET LENGTH | clients N   what a plan that fails has
//   time N                                 plans that may be tried
struct World {
  plan::Plan plan{.name = "p"};
  std::vector<Demand> demands;
  std::size_t time = 1000;

  void tell(const std::string& line) {
    std::istringstream words(line);
    std::string what;
    words >> what;
    if (what == "time") words >> time;
    if (what == "needs") need(words);
    if (what == "lane") lane(words);
  }

  void need(std::istringstream& words) {
    Demand demand;
    std::string kind;
    words >> kind;
    if (kind == "clients") {
      words >> demand.clients;
    } else {
      std::string target;
      words >> target >> demand.length;
      demand.fault = kind + ' ' + target;
    }
    demands.push_back(demand);
  }

  void lane(std::istringstream& words) {
    plan::Lane next;
    const auto number = static_cast<std::uint32_t>(plan.lanes.size() + 1);
    for (std::string fault; std::getline(words, fault, ',');) {
      plan::Step step;
      step.fault = plan::parse_fault(fault).value();
      const auto turn = static_cast<std::uint32_t>(10 * next.steps.size()) + 2 * number;
      step.at = plan::Point{turn, 20, 0};
      step.until = plan::Point{turn + 1, 20, 0};
      next.steps.push_back(step);
    }
    plan.lanes.push_back(next);
  }

  bool fails(const plan::Plan& candidate) const {
    return std::ranges::all_of(demands,
                               [&](const auto& demand) { return meets(candidate, demand); });
  }
};

void append(std::ostringstream& out, const plan::Plan& plan) {
  for (const plan::Lane& lane : plan.lanes) {
    for (const plan::Step& step : lane.steps) {
      out << "  " << plan::describe(step.fault) << (step.at ? " at a point" : "") << ", ";
      if (step.until) {
        out << "until a point\n";
      } else {
        out << "for " << step.length << '\n';
      }
    }
  }
  out << "  " << plan.work.clients << " clients, " << plan.work.keys << " keys, " << plan.work.read
      << '/' << plan.work.write << '/' << plan.work.cas;
}

std::string told(const golden::Block& block) {
  World world;
  for (const std::string& line : block) world.tell(line);
  std::ostringstream out;
  std::size_t asked = 0;
  const Shrunk result = shrink(world.plan, [&](const plan::Plan& plan, const Reduction& reduction) {
    if (asked == world.time) return Answer::Over;
    ++asked;
    const bool fails = world.fails(plan);
    out << (fails ? "fails   " : "passes  ") << reduction.what << '\n';
    return fails ? Answer::Fails : Answer::Passes;
  });
  out << (result.failed ? (result.minimal ? "minimal" : "smallest in time") : "nothing failed")
      << '\n';
  append(out, result.plan);
  return std::move(out).str();
}

TEST(Shrink, IsAsInTheGoldenFile) { golden::run_blocks(TESTDATA "/shrink.txt", told); }

TEST(Shrink, OfAHundredFaultsAsksFewPlans) {
  World world;
  std::string faults = "lane partition leader";
  for (int i = 1; i < 120; ++i) faults += i == 40 ? ", kill leader" : ", pause one";
  world.tell(faults);
  world.tell("needs partition leader 2000");
  world.tell("needs kill leader 300");
  int asked = 0;
  const Shrunk result = shrink(world.plan, [&](const plan::Plan& plan, const Reduction&) {
    ++asked;
    return world.fails(plan) ? Answer::Fails : Answer::Passes;
  });
  EXPECT_TRUE(result.minimal);
  EXPECT_EQ(size_of(result.plan), 2U);
  EXPECT_LT(asked, 80);
}

}  // namespace
}  // namespace check::shrink
