// SPDX-License-Identifier: Apache-2.0
// What many seeds come to: verdicts, violations, and which rare situations were reached.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/shell/commands.h"
#include "sim/shell/result.h"

namespace sim::shell {

class Summary {
 public:
  // A sweep of so many runs must have reached every probe.
  static constexpr std::uint64_t kRunsForAll = 1000;

  void add(const SeedResult& result);

  std::uint64_t runs() const { return runs_; }
  std::uint64_t invalid() const { return invalid_; }
  // Probes that were not reached, though there were runs enough.
  std::vector<Probe> cold() const;

  // Invalid if a run was. Unknown if one was, or if a probe is cold: then the sweep has not shown
  // what it should.
  check::verdict::Verdict verdict() const;

  // The violations (some of them, if there are many), the table, the counts. `shape` is for the
  // command that repeats a run.
  std::string text(const Shape& shape) const;

 private:
  static constexpr std::size_t kShown = 20;

  std::uint64_t runs_ = 0;
  std::uint64_t invalid_ = 0;
  std::uint64_t unknown_ = 0;
  std::uint64_t inputs_ = 0;
  std::uint64_t simulated_us_ = 0;
  std::array<std::uint64_t, kProbes> times_{};
  std::array<std::uint64_t, kProbes> runs_with_{};
  std::vector<SeedResult> shown_;
};

}  // namespace sim::shell
