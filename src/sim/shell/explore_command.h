// SPDX-License-Identifier: Apache-2.0
// raftsim --explore: every state of a small cluster, as far as bounds, memory and time go.
#pragma once

#include <cstdint>
#include <string>

namespace sim::shell {

// As they come from the command line: not yet checked.
struct ExploreOptions {
  bool wanted = false;
  std::uint64_t nodes = 3;
  std::uint64_t depth = 20;
  std::uint64_t timeouts = 4;
  std::uint64_t heartbeats = 0;
  std::uint64_t proposals = 0;
  std::uint64_t crashes = 0;
  std::uint64_t losses = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t in_flight = 5;
  std::string disks = "prompt";
  std::uint64_t memory_mib = 1024;
  std::uint64_t seconds = 600;
  std::uint64_t jobs = 0;  // 0: as many as the machine has cores.
};

int explore_command(const ExploreOptions& options);

}  // namespace sim::shell
