// SPDX-License-Identifier: Apache-2.0
// How fast the simulator is, on one core, all judges on: drawn runs from seed 1 on, each from its
// options to its verdict. An event is one input handed to a server.
//
//   sim_bench [RUNS]
#include <fmt/core.h>

#include <cstdlib>
#include <ctime>

#include "sim/world.h"

namespace {

struct Figures {
  std::uint64_t events = 0;
  std::uint64_t not_valid = 0;
  double seconds = 0;  // Of the processor: others may use the machine, too.
};

Figures measure(std::uint64_t nodes, std::uint64_t runs) {
  constexpr std::uint64_t kEvents = 2000;
  Figures figures;
  const std::clock_t begin = std::clock();
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    sim::World world(sim::draw(seed, nodes, kEvents));
    world.run();
    figures.events += world.cluster().inputs();
    if (world.verdict() != check::verdict::Verdict::Valid) ++figures.not_valid;
  }
  figures.seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  return figures;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t runs = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2000;
  std::uint64_t not_valid = 0;
  for (const std::uint64_t nodes : {3U, 5U}) {
    const Figures figures = measure(nodes, runs);
    const double events = static_cast<double>(figures.events) / figures.seconds;
    const char* goal = nodes == 3 ? "  (goal 1000000)" : "";
    fmt::print("{} nodes: {:.0f} events/s{}, {:.0f} runs/s of 2000 events\n", nodes, events, goal,
               static_cast<double>(runs) / figures.seconds);
    not_valid += figures.not_valid;
  }
  return not_valid == 0 ? 0 : 1;
}
