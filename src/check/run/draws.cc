// SPDX-License-Identifier: Apache-2.0
#include "check/run/draws.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/prng.h"
#include "check/plan/schedule.h"

namespace check::run {

namespace {

// More steps than fit into any run that a person waits for.
constexpr std::uint32_t kDrawnSteps = 2000;
// Shorter than that of any system that anybody runs, and a long one.
constexpr std::uint64_t kLeastElectionMs = 100;
constexpr std::uint64_t kLongElectionMs = 1500;

}  // namespace

Draws draws_of(const CheckOptions& options) {
  base::Prng prng(*options.seed);
  Draws draws;
  draws.monitor = prng.next();
  draws.faults = prng.next();
  draws.work = prng.next();
  return draws;
}

plan::Plan drawn_plan(const CheckOptions& options, const plan::Plan& plan) {
  return plan::drawn(plan, draws_of(options).faults, options.nodes, kDrawnSteps);
}

std::string required_faults(const plan::Plan& plan) {
  std::string text;
  for (const auto& [word, least] : plan.require.fired) {
    text += fmt::format("{}{} x {}", text.empty() ? "" : ", ", least, word);
  }
  return fmt::format("plan '{}' requires the faults {}", plan.name, text);
}

std::optional<std::uint64_t> seconds_needed(const plan::Plan& drawn, std::uint64_t election_ms) {
  const auto needed_ms = plan::time_needed(drawn, election_ms, kFaultOverheadMs);
  if (!needed_ms) return std::nullopt;
  return std::max<std::uint64_t>(1, (*needed_ms + 999) / 1000);
}

base::Status check_room(const CheckOptions& options, const plan::Plan& plan) {
  const plan::Plan drawn = drawn_plan(options, plan);
  const auto least = seconds_needed(drawn, kLeastElectionMs);
  if (!least) {
    return base::Error{
        base::ErrorCode::InvalidArgument,
        required_faults(plan) + ", but has not got so many in a cluster of this size"};
  }
  if (*least <= options.time_s) return base::Done{};
  return base::Error{
      base::ErrorCode::InvalidArgument,
      fmt::format("{}, for which --time {} has no room; where elections take {} ms, the smallest "
                  "that has is --time {}",
                  required_faults(plan), options.time_s, kLongElectionMs,
                  seconds_needed(drawn, kLongElectionMs).value_or(*least))};
}

}  // namespace check::run
