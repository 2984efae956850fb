// SPDX-License-Identifier: Apache-2.0
// Runs one seed.
#pragma once

#include <string>

#include "sim/shell/commands.h"
#include "sim/shell/result.h"
#include "sim/world.h"

namespace sim::shell {

SeedResult result_of(const World& world, std::uint64_t seed);
SeedResult run_seed(std::uint64_t seed, const Shape& shape);

// "raftsim --seed 7 --nodes 3 --events 2000"
std::string repeat_command(std::uint64_t seed, const Shape& shape);

int exit_code(check::verdict::Verdict verdict);
// Says on standard error what cannot be done, and returns kUsage.
int refuse(const std::string& sentence);

}  // namespace sim::shell
