// SPDX-License-Identifier: Apache-2.0
// Tries whether a Storage keeps its contract (journal/storage.h), on a disk that crashes and fails
// at every single call. Run it over your own implementation:
//
//   const kit::Subject mine{"mine", [](io::Disk& disk) { return std::make_unique<Mine>(disk); }};
//   for (const std::string& complaint : kit::try_out(mine, {}).complaints) std::puts(...);
//
// What it does, for each seed: draws a workload of changes, syncs, drop_through() and tend(); runs
// it to its end; then again and again, with the power cut at its first call to the disk, its second
// and so on, and any legal subset of what was not synced surviving; then with that one call failing
// instead; then with the recovery after the crash failing at each of its calls, too; then on disks
// that are full after so many bytes. After each disaster the log must be the one promised.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/disk.h"
#include "journal/storage.h"

namespace kit {

struct Subject {
  std::string name;
  // A Storage that keeps everything on `disk`: each call makes one that finds what the last one
  // left. The disk outlives it.
  std::function<std::unique_ptr<journal::Storage>(io::Disk& disk)> make;
};

struct Effort {
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 10;
  std::uint64_t steps = 25;  // Of a workload.
};

struct Report {
  std::uint64_t disasters = 0;          // Survived or not.
  std::vector<std::string> complaints;  // Each with all that is needed to repeat it; at most 10.
};

Report try_out(const Subject& subject, const Effort& effort);

}  // namespace kit
