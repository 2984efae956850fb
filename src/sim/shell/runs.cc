// SPDX-License-Identifier: Apache-2.0
#include "sim/shell/runs.h"

#include <fmt/core.h>

#include "base/check.h"
#include "cli/output.h"

namespace sim::shell {

SeedResult result_of(const World& world, std::uint64_t seed) {
  SeedResult result;
  result.seed = seed;
  result.verdict = world.verdict();
  result.hash = world.cluster().hash();
  result.inputs = world.cluster().inputs();
  result.simulated_us = world.now_us();
  result.coverage = world.cluster().coverage();
  result.violation = world.violation();
  result.unknown = world.unknown();
  return result;
}

SeedResult run_seed(std::uint64_t seed, const Shape& shape) {
  const base::CheckContext context(repeat_command(seed, shape));
  World world(draw(seed, shape.nodes, shape.events));
  world.run();
  return result_of(world, seed);
}

std::string repeat_command(std::uint64_t seed, const Shape& shape) {
  return fmt::format("raftsim --seed {} --nodes {} --events {}", seed, shape.nodes, shape.events);
}

int exit_code(check::verdict::Verdict verdict) {
  switch (verdict) {
    case check::verdict::Verdict::Valid:
      return kValid;
    case check::verdict::Verdict::Invalid:
      return kInvalid;
    case check::verdict::Verdict::Unknown:
      return kUnknown;
  }
  return kUnknown;
}

int refuse(const std::string& sentence) {
  cli::print(stderr, "raftsim: {}\n", sentence);
  return kUsage;
}

}  // namespace sim::shell
