// SPDX-License-Identifier: Apache-2.0
#include "check/shrink/shrink.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace check::shrink {

namespace {

// In thousandths of an election timeout: too short to be noticed, just noticed, surely noticed.
constexpr std::array<std::uint32_t, 4> kLengths = {300, 1000, 2000, 5000};
constexpr std::uint32_t kPlainGap = 500;

// What can be taken away as a whole: a step of a lane, or a rule.
struct Unit {
  std::uint32_t turn = 0;  // When it strikes, where the plan says so.
  bool rule = false;
  std::size_t lane = 0;
  std::size_t position = 0;  // In its lane, or among the rules.
  friend auto operator<=>(const Unit&, const Unit&) = default;
};
using Units = std::vector<Unit>;

// Rules first: what lanes do last may be all there is to a failure.
Units units_of(const plan::Plan& plan) {
  Units units;
  for (std::size_t i = 0; i < plan.rules.size(); ++i) units.push_back({0, true, 0, i});
  for (std::size_t lane = 0; lane < plan.lanes.size(); ++lane) {
    for (std::size_t i = 0; i < plan.lanes[lane].steps.size(); ++i) {
      const auto& at = plan.lanes[lane].steps[i].at;
      units.push_back({at ? at->turn : 0, false, lane, i});
    }
  }
  std::ranges::sort(units);
  return units;
}

plan::Plan only(const plan::Plan& plan, const Units& kept) {
  const std::set<Unit> keep(kept.begin(), kept.end());
  plan::Plan result = plan;
  result.rules.clear();
  for (plan::Lane& lane : result.lanes) lane.steps.clear();
  for (const Unit& unit : units_of(plan)) {
    if (!keep.contains(unit)) continue;
    if (unit.rule) {
      result.rules.push_back(plan.rules[unit.position]);
    } else {
      result.lanes[unit.lane].steps.push_back(plan.lanes[unit.lane].steps[unit.position]);
    }
  }
  std::erase_if(result.lanes, [](const plan::Lane& lane) { return lane.steps.empty(); });
  return result;
}

std::string decimal(std::uint32_t thousandths) {
  return std::to_string(thousandths / 1000) + '.' + std::to_string(thousandths / 100 % 10);
}

class Shrinker {
 public:
  Shrinker(const plan::Plan& plan, const Try& attempt) : best_(plan), attempt_(attempt) {}

  Shrunk run() {
    Shrunk result;
    result.failed = take_last_faults();
    if (result.failed) {
      do {
        changed_ = false;
        take_units_away();
        simplify_steps();
        simplify_work();
      } while (changed_ && !over_);
    }
    result.minimal = result.failed && !over_;
    result.plan = best_;
    return result;
  }

 private:
  // Whether the plan fails; then it is the best so far.
  bool adopt(plan::Plan candidate, const Reduction& reduction) {
    if (over_ || !asked_.insert(plan::write_plan(candidate)).second) return false;
    const Answer answer = attempt_(candidate, reduction);
    over_ = answer == Answer::Over;
    if (answer != Answer::Fails) return false;
    best_ = std::move(candidate);
    changed_ = true;
    return true;
  }

  // What has just happened is the likeliest cause: the run was recorded until it failed.
  bool take_last_faults() {
    const Units all = units_of(best_);
    for (std::size_t count = 1; count < all.size() && !over_; count *= 2) {
      const Units last(all.end() - static_cast<std::ptrdiff_t>(count), all.end());
      const std::string what =
          "the last " + std::to_string(count) + " of " + std::to_string(all.size()) + " faults";
      if (adopt(only(best_, last), {what})) return true;
    }
    return adopt(best_, {"all " + std::to_string(all.size()) + " faults"});
  }

  void take_units_away() {
    for (std::size_t chunk = std::max<std::size_t>(1, (size_of(best_) + 1) / 2);; chunk /= 2) {
      for (std::size_t begin = 0; begin < size_of(best_) && !over_;) {
        Units kept = units_of(best_);
        const std::size_t end = std::min(begin + chunk, kept.size());
        const std::string what = "without faults " + std::to_string(begin + 1) + " to " +
                                 std::to_string(end) + " of " + std::to_string(kept.size());
        kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(begin),
                   kept.begin() + static_cast<std::ptrdiff_t>(end));
        if (!adopt(only(best_, kept), {what})) begin = end;
      }
      if (chunk <= 1) return;
    }
  }

  void simplify_steps() {
    for (std::size_t lane = 0; lane < best_.lanes.size(); ++lane) {
      for (std::size_t i = 0; i < best_.lanes[lane].steps.size(); ++i) {
        shorten(lane, i);
        simplify_beginning(lane, i);
      }
    }
  }

  bool adopt_step(std::size_t lane, std::size_t i, const plan::Step& step,
                  const std::string& what) {
    plan::Plan candidate = best_;
    candidate.lanes[lane].steps[i] = step;
    return adopt(std::move(candidate), {plan::describe(step.fault) + what, false});
  }

  // A length of time instead of a point, or a shorter one.
  void shorten(std::size_t lane, std::size_t i) {
    plan::Step step = best_.lanes[lane].steps[i];
    const bool by_point = step.until.has_value();
    const std::uint32_t longest = step.length;
    step.until.reset();
    for (const std::uint32_t length : kLengths) {
      if (!by_point && length >= longest) return;
      step.length = length;
      if (adopt_step(lane, i, step, " for " + decimal(length) + " elections")) return;
    }
  }

  void simplify_beginning(std::size_t lane, std::size_t i) {
    plan::Step step = best_.lanes[lane].steps[i];
    if (step.fault.quiet) {
      step.fault.quiet = false;
      (void)adopt_step(lane, i, step, ", not quiet");
      step = best_.lanes[lane].steps[i];
    }
    if (!step.at) return;
    step.at.reset();
    step.gap = kPlainGap;
    (void)adopt_step(lane, i, step, " after " + decimal(kPlainGap) + " elections");
  }

  void simplify_work() {
    reduce(&plan::Work::clients, " clients");
    reduce(&plan::Work::keys, " keys");
    for (const auto& [share, name] : {std::pair(&plan::Work::cas, "cas"),
                                      {&plan::Work::read, "read"},
                                      {&plan::Work::write, "write"}}) {
      plan::Plan candidate = best_;
      candidate.work.*share = 0;
      const plan::Work& work = candidate.work;
      if (work.read + work.write + work.cas == 0) continue;
      (void)adopt(std::move(candidate), {std::string("no ") + name, false});
    }
  }

  void reduce(std::uint32_t plan::Work::*number, const std::string& name) {
    for (std::uint32_t fewer = 1; fewer < best_.work.*number; fewer *= 2) {
      plan::Plan candidate = best_;
      candidate.work.*number = fewer;
      if (adopt(std::move(candidate), {std::to_string(fewer) + name, false})) return;
    }
  }

  plan::Plan best_;
  const Try& attempt_;
  std::set<std::string> asked_;
  bool changed_ = false;
  bool over_ = false;
};

}  // namespace

std::size_t size_of(const plan::Plan& plan) {
  std::size_t size = plan.rules.size();
  for (const plan::Lane& lane : plan.lanes) size += lane.steps.size();
  return size;
}

Shrunk shrink(const plan::Plan& plan, const Try& attempt) { return Shrinker(plan, attempt).run(); }

}  // namespace check::shrink
