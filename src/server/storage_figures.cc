// SPDX-License-Identifier: Apache-2.0
#include "server/storage_figures.h"

#include <numeric>

#include "journal/snapshot_layout.h"
#include "server/info.h"

namespace server {

StorageFigures storage_of(const Facts& facts) {
  StorageFigures figures;
  const replica::Replica& replica = facts.member.replica();
  std::string newest;
  if (const auto& snapshot = replica.snapshot()) {
    figures.snapshot_index = snapshot->meta.last.index.value();
    newest = journal::snapshot_name(snapshot->meta.last, journal::kSnapshotSuffix);
  }
  for (const os::Directory::FileFacts& file : facts.disk.files()) {
    const std::string_view name = file.name;
    if (name.ends_with(journal::kSnapshotSuffix)) {
      figures.snapshots += 1;
      figures.snapshot_bytes += file.size_bytes;
      if (name == newest) {
        figures.snapshot_age_seconds = static_cast<std::uint64_t>(file.age.count());
      }
    } else if (name.ends_with(".journal") || name.ends_with(".spare") || name == "log.mapped") {
      figures.segments += 1;
      figures.log_bytes += file.size_bytes;
    }
  }
  const auto& counts = facts.counters.syncs().counts();
  figures.syncs = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  const auto all =
      std::chrono::duration_cast<std::chrono::microseconds>(facts.counters.syncs().sum());
  if (figures.syncs > 0) {
    figures.sync_microseconds = static_cast<std::uint64_t>(all.count()) / figures.syncs;
  }
  figures.damaged = replica.is_damaged();
  return figures;
}

}  // namespace server
