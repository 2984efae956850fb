// SPDX-License-Identifier: Apache-2.0
// What a node has on its disk, in figures for operators.
#pragma once

#include <cstdint>

namespace server {

struct Facts;

struct StorageFigures {
  std::uint64_t log_bytes = 0;  // Files of the log, with what is prepared for it.
  std::uint64_t segments = 0;   // Such files.
  std::uint64_t snapshots = 0;  // Files of snapshots.
  std::uint64_t snapshot_bytes = 0;
  // Of the newest good one; all 0: there is none.
  std::uint64_t snapshot_index = 0;
  std::uint64_t snapshot_age_seconds = 0;
  std::uint64_t syncs = 0;
  std::uint64_t sync_microseconds = 0;  // One, on the average.
  bool damaged = false;
};

StorageFigures storage_of(const Facts& facts);

}  // namespace server
