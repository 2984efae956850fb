// SPDX-License-Identifier: Apache-2.0
// What raftsim does, each taken from its command line; all return its exit code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sim::shell {

inline constexpr int kValid = 0;
inline constexpr int kInvalid = 1;
inline constexpr int kUnknown = 2;
inline constexpr int kUsage = 3;

struct Shape {
  std::uint64_t nodes = 3;
  std::uint64_t events = 2000;
};

struct RunOptions {
  std::uint64_t seed = 1;
  Shape shape;
  bool trace = false;
  bool diagram = false;
  std::string applied;  // A folder for applied-entry records; empty: none.
};
int run_command(const RunOptions& options);

struct SweepOptions {
  std::string seeds;  // "A..B"
  Shape shape;
  std::uint64_t jobs = 0;  // 0: as many as the machine has cores.
  std::string out;         // Of merge_command; empty: none.
};
int sweep_command(const SweepOptions& options);

// Files of sweeps of the same shape: the same table and verdict as one sweep over all their seeds.
int merge_command(const std::vector<std::string>& files);

// Plays a scenario file.
struct ScenarioOptions {
  std::string path;
  bool trace = false;
  bool diagram = false;
};
int scenario_command(const ScenarioOptions& options);

// From a seed that fails to a short scenario file that does.
struct ShrinkOptions {
  std::uint64_t seed = 1;
  Shape shape;
  std::string out;  // Empty: standard output.
};
int shrink_command(const ShrinkOptions& options);

}  // namespace sim::shell
