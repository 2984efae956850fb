// SPDX-License-Identifier: Apache-2.0
#include "sim/shell/summary.h"

#include <fmt/core.h>

#include "sim/shell/runs.h"

namespace sim::shell {

using check::verdict::Verdict;

namespace {

constexpr double kMicrosecondsAnHour = 3.6e9;

}  // namespace

void Summary::add(const SeedResult& result) {
  runs_ += 1;
  inputs_ += result.inputs;
  simulated_us_ += result.simulated_us;
  if (result.verdict == Verdict::Invalid) invalid_ += 1;
  if (result.verdict == Verdict::Unknown) unknown_ += 1;
  if (result.verdict != Verdict::Valid && shown_.size() < kShown) shown_.push_back(result);
  for (std::size_t i = 0; i < kProbes; ++i) {
    const std::uint64_t count = result.coverage.counts()[i];
    times_[i] += count;
    if (count > 0) runs_with_[i] += 1;
  }
}

std::vector<Probe> Summary::cold() const {
  std::vector<Probe> cold;
  if (runs_ < kRunsForAll) return cold;
  for (std::size_t i = 0; i < kProbes; ++i) {
    if (times_[i] == 0) cold.push_back(static_cast<Probe>(i));
  }
  return cold;
}

Verdict Summary::verdict() const {
  if (invalid_ > 0) return Verdict::Invalid;
  return unknown_ > 0 || !cold().empty() ? Verdict::Unknown : Verdict::Valid;
}

std::string Summary::text(const Shape& shape) const {
  std::string text = fmt::format("{:<28} {:>10} {:>10}  {}\n", "situation", "times", "runs", "");
  for (std::size_t i = 0; i < kProbes; ++i) {
    const auto probe = static_cast<Probe>(i);
    text += fmt::format("{:<28} {:>10} {:>10}  {}\n", name(probe), times_[i], runs_with_[i],
                        meaning(probe));
  }
  for (const Probe probe : cold()) text += fmt::format("cold: {} was never reached\n", name(probe));
  for (const SeedResult& result : shown_) {
    const std::string why = result.violation
                                ? result.violation->judge + ": " + result.violation->sentence
                                : result.unknown;
    text += fmt::format("{}: {}\n  {}\n", check::verdict::name(result.verdict), why,
                        repeat_command(result.seed, shape));
  }
  text +=
      fmt::format("runs: {} valid, {} unknown, {} invalid\ninputs: {}\nsimulated: {:.2f} hours\n",
                  runs_ - invalid_ - unknown_, unknown_, invalid_, inputs_,
                  static_cast<double>(simulated_us_) / kMicrosecondsAnHour);
  return text;
}

}  // namespace sim::shell
