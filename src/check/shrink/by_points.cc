// SPDX-License-Identifier: Apache-2.0
#include "check/shrink/by_points.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "base/check.h"

namespace check::shrink {

namespace {

constexpr std::uint64_t kMostThousandths = 1'000'000;

// A strike begins, or ends.
struct Turn {
  std::size_t strike = 0;
  bool ends = false;
  Moment comes;   // When it was decided on.
  Moment passed;  // When it was known to be done: what happens next is counted from here.
};

std::vector<Turn> turns_of(const std::vector<Strike>& strikes) {
  std::vector<Turn> turns;
  for (std::size_t i = 0; i < strikes.size(); ++i) {
    turns.push_back({i, false, strikes[i].armed, strikes[i].fired});
    turns.push_back({i, true, strikes[i].healed, strikes[i].healed});
  }
  std::ranges::sort(
      turns, {}, [](const Turn& turn) { return std::tuple(turn.comes, turn.ends, turn.strike); });
  return turns;
}

// How many of `times` lie in (after, until]; `last` becomes the latest of them, if it is later.
std::uint64_t count_between(const std::vector<Moment>& times, Moment after, Moment until,
                            Moment& last) {
  const auto begin = std::ranges::upper_bound(times, after);
  const auto end = std::ranges::upper_bound(times, until);
  if (end <= begin) return 0;
  last = std::max(last, *(end - 1));
  return static_cast<std::uint64_t>(end - begin);
}

std::uint32_t thousandths(Moment from, Moment to, std::uint64_t election_timeout_ms) {
  if (to <= from) return 0;
  const std::uint64_t count = to.since(from) / (1000 * election_timeout_ms);
  return static_cast<std::uint32_t>(std::min(count, kMostThousandths));
}

// Points and times of a step that was struck.
struct Anchors {
  plan::Point at;
  plan::Point until;
  std::uint32_t gap = 0;
  std::uint32_t length = 0;
};

std::vector<Anchors> anchors_of(const Recorded& recorded) {
  std::vector<Anchors> anchors(recorded.strikes.size());
  Moment since = recorded.began;
  std::uint32_t number = 0;
  for (const Turn& turn : turns_of(recorded.strikes)) {
    Anchors& own = anchors[turn.strike];
    plan::Point& point = turn.ends ? own.until : own.at;
    Moment last = since;
    point.turn = ++number;
    point.acknowledged = count_between(recorded.acknowledged, since, turn.comes, last);
    point.leaders = count_between(recorded.leaders, since, turn.comes, last);
    (turn.ends ? own.length : own.gap) =
        thousandths(last, turn.comes, recorded.election_timeout_ms);
    since = std::max(since, turn.passed);
  }
  return anchors;
}

}  // namespace

plan::Plan by_points(const plan::Plan& plan, const Recorded& recorded) {
  CHECK(recorded.election_timeout_ms > 0);
  const std::vector<Anchors> anchors = anchors_of(recorded);
  plan::Plan result = plan;
  result.require = {};
  for (plan::Lane& lane : result.lanes) {
    lane.faults.clear();
    lane.steps.clear();
    lane.written = true;
  }
  // Within a lane in the order of its steps.
  std::vector<std::size_t> order(anchors.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) { return recorded.strikes[i].step; });
  for (const std::size_t i : order) {
    const Strike& strike = recorded.strikes[i];
    CHECK(strike.lane >= 1 && strike.lane <= plan.lanes.size(), strike.lane);
    const plan::Lane& lane = plan.lanes[strike.lane - 1];
    CHECK(strike.step >= 1 && strike.step <= lane.steps.size(), strike.step);
    plan::Step step = lane.steps[strike.step - 1];
    step.at = anchors[i].at;
    step.gap = anchors[i].gap;
    step.until = anchors[i].until;
    step.length = anchors[i].length;
    step.led = strike.leader.value_or(history::NodeId{});
    result.lanes[strike.lane - 1].steps.push_back(std::move(step));
  }
  std::erase_if(result.lanes, [](const plan::Lane& lane) { return lane.steps.empty(); });
  return result;
}

}  // namespace check::shrink
