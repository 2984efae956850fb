// SPDX-License-Identifier: Apache-2.0
// What became of one seed: one line of a sweep's file (docs/formats/sweep.md).
//   {"seed":7,"verdict":"valid","hash":"fc4b...","inputs":2146,"simulated_us":3310000,
//    "probes":{"leader-elected":3}}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "check/verdict/finding.h"
#include "sim/probe.h"
#include "sim/violation.h"

namespace sim::shell {

struct SeedResult {
  std::uint64_t seed = 0;
  check::verdict::Verdict verdict = check::verdict::Verdict::Valid;
  std::uint64_t hash = 0;
  std::uint64_t inputs = 0;
  std::uint64_t simulated_us = 0;  // How long the world lasted, in its own time.
  Coverage coverage;
  std::optional<Violation> violation;  // If invalid.
  std::string unknown;                 // Why, if unknown.
};

// Without its line break.
std::string line_of(const SeedResult& result);
base::Result<SeedResult> parse_result(std::string_view line);

}  // namespace sim::shell
