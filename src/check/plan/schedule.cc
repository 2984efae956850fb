// SPDX-License-Identifier: Apache-2.0
#include "check/plan/schedule.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/prng.h"
#include "check/plan/shape.h"

namespace check::plan {

namespace {

template <class Item>
void shuffle(std::vector<Item>& items, base::Prng& prng) {
  for (std::size_t left = items.size(); left > 1; --left) {
    std::swap(items[left - 1], items[prng.between(0, left - 1)]);
  }
}

std::uint32_t one_of(const std::vector<std::uint32_t>& choices, base::Prng& prng) {
  return choices[prng.between(0, choices.size() - 1)];
}

std::vector<history::NodeId> drawn_order(std::uint32_t nodes, base::Prng& prng) {
  std::vector<history::NodeId> order;
  for (std::uint32_t node = 1; node <= nodes; ++node) order.push_back({node});
  shuffle(order, prng);
  return order;
}

// Keeps the nodes the order names, and appends those it does not.
void complete(std::vector<history::NodeId>& order, const std::vector<history::NodeId>& all) {
  std::vector<history::NodeId> result;
  const auto take = [&](history::NodeId node) {
    const bool exists = std::ranges::find(all, node) != all.end();
    if (exists && std::ranges::find(result, node) == result.end()) result.push_back(node);
  };
  std::ranges::for_each(order, take);
  std::ranges::for_each(all, take);
  order = std::move(result);
}

std::vector<Step> dealt(const Lane& lane, std::uint32_t nodes, std::uint32_t count,
                        base::Prng& prng) {
  std::vector<Step> steps;
  std::vector<Fault> deck;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (deck.empty()) {
      deck = lane.faults;
      shuffle(deck, prng);
    }
    steps.push_back({.fault = deck.back(),
                     .gap = one_of(lane.gap, prng),
                     .length = one_of(lane.length, prng),
                     .order = drawn_order(nodes, prng)});
    deck.pop_back();
  }
  return steps;
}

// Of each step of a lane, the smallest time of the run that has room for it.
std::vector<std::uint64_t> times_needed(const Lane& lane, std::uint64_t election_timeout_ms,
                                        std::uint64_t overhead_ms) {
  std::vector<std::uint64_t> times;
  std::uint64_t end_ms = 0;
  for (const Step& step : lane.steps) {
    end_ms += milliseconds(step.gap, election_timeout_ms) +
              milliseconds(step.length, election_timeout_ms) + overhead_ms;
    const bool always = lane.written || times.empty();
    times.push_back(always ? 0 : end_ms);
  }
  return times;
}

}  // namespace

base::Status check_applicable(const Plan& plan, std::uint32_t nodes) {
  const auto missing = [nodes](const Who& who) {
    return who.kind == Who::Kind::Node && who.number > nodes;
  };
  const auto nothing = [&](const Fault& fault) { return !strikes(fault, nodes); };
  const auto refused = [&](const std::string& what) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       "plan '" + plan.name + "': " + what + " in a cluster of " +
                           std::to_string(nodes) + " nodes; give more --nodes"};
  };
  for (const Lane& lane : plan.lanes) {
    for (const Step& step : lane.steps) {
      if (nothing(step.fault)) return refused('"' + describe(step.fault) + "\" strikes nothing");
    }
    if (!lane.written && std::ranges::all_of(lane.faults, nothing)) {
      return refused("no fault of a lane strikes anything");
    }
  }
  for (const Rule& rule : plan.rules) {
    const bool seen_none = missing(rule.when.from) || missing(rule.when.to);
    const bool strikes_none = std::ranges::any_of(rule.actions, [&](const Action& action) {
      return missing(action.who) || missing(action.other);
    });
    if (seen_none || strikes_none) {
      return refused("rule '" + rule.name + "' names a node that is not there");
    }
  }
  return base::Done{};
}

Plan drawn(const Plan& plan, std::uint64_t seed, std::uint32_t nodes, std::uint32_t count) {
  CHECK(nodes > 0);
  base::Prng prng(seed);
  Plan result = plan;
  for (Lane& lane : result.lanes) {
    std::erase_if(lane.faults, [&](const Fault& fault) { return !strikes(fault, nodes); });
    CHECK(!lane.faults.empty() || lane.written);
  }
  for (Lane& lane : result.lanes) {
    base::Prng lane_prng = prng.fork();
    if (!lane.written) {
      lane.steps = dealt(lane, nodes, count, lane_prng);
      lane.faults.clear();
      continue;
    }
    for (Step& step : lane.steps) complete(step.order, drawn_order(nodes, lane_prng));
  }
  return result;
}

std::uint64_t milliseconds(std::uint32_t thousandths, std::uint64_t election_timeout_ms) {
  if (thousandths == 0) return 0;
  return std::max<std::uint64_t>(1, thousandths * election_timeout_ms / 1000);
}

Plan fitted(const Plan& plan, std::uint64_t time_ms, std::uint64_t election_timeout_ms,
            std::uint64_t overhead_ms) {
  Plan result = plan;
  for (Lane& lane : result.lanes) {
    const auto needed = times_needed(lane, election_timeout_ms, overhead_ms);
    const auto late = std::ranges::find_if(needed, [&](auto time) { return time > time_ms; });
    lane.steps.resize(static_cast<std::size_t>(late - needed.begin()));
  }
  return result;
}

std::optional<std::uint64_t> time_needed(const Plan& drawn, std::uint64_t election_timeout_ms,
                                         std::uint64_t overhead_ms) {
  // Of each required word, when the faults with it are over.
  std::map<std::string, std::vector<std::uint64_t>> ends;
  for (const Lane& lane : drawn.lanes) {
    const auto needed = times_needed(lane, election_timeout_ms, overhead_ms);
    for (std::size_t i = 0; i < needed.size(); ++i) {
      std::istringstream words(describe(lane.steps[i].fault));
      for (std::string word; words >> word;) ends[word].push_back(needed[i]);
    }
  }
  std::uint64_t time_ms = 0;
  for (const auto& [word, least] : drawn.require.fired) {
    std::vector<std::uint64_t>& times = ends[word];
    if (times.size() < least) return std::nullopt;
    if (least == 0) continue;
    std::ranges::sort(times);
    time_ms = std::max(time_ms, times[least - 1]);
  }
  return time_ms;
}

}  // namespace check::plan
