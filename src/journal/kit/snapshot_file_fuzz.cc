// SPDX-License-Identifier: Apache-2.0
// Any bytes as a snapshot that was received: it is refused, or it can be read to its end.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "io/testing/memory_disk.h"
#include "journal/snapshots.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);  // NOLINT
  const raft::EntryId last{raft::Term(1), raft::LogIndex(1)};
  io::testing::MemoryDisk disk(1);
  auto store = journal::SnapshotStore::open(disk, 7).value();
  auto stage = store.stage(last).value();
  CHECK(stage.append(bytes).ok());
  if (!stage.finish(store).ok()) return 0;
  auto reader = store.read(last).value();
  for (;;) {
    const auto piece = reader.next_piece();
    CHECK(piece.ok());
    if (!piece.value()) return 0;
  }
}
