// SPDX-License-Identifier: Apache-2.0
#include "replica/snapshots.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/prng.h"
#include "io/testing/memory_disk.h"
#include "raft/configuration.h"

namespace replica {
namespace {

using io::testing::Fault;
using io::testing::MemoryDisk;
using io::testing::Survival;

constexpr std::uint64_t kCluster = 7;
constexpr raft::EntryId kLast{raft::Term(3), raft::LogIndex(40)};
constexpr std::size_t kChunk = 300'000;

// The file of a snapshot that is synced a few times on its way.
std::string sent_file(std::size_t data_bytes = 2'600'000) {
  MemoryDisk disk(1);
  journal::SnapshotStore store = journal::SnapshotStore::open(disk, kCluster).value();
  journal::SnapshotWriter writer =
      store.begin({kLast, raft::encode(raft::configuration_of({{1}, {2}}))}).value();
  base::Prng prng(1);
  std::string bytes(data_bytes, '\0');
  for (char& byte : bytes) byte = static_cast<char>(prng.between(0, 255));
  EXPECT_TRUE(writer.add(bytes).ok());
  EXPECT_TRUE(writer.finish(store).ok());
  return disk.bytes(journal::snapshot_name(kLast, journal::kSnapshotSuffix));
}

// As a leader sends it: what was not kept again, until there were so many errors. True: it is said
// to be there.
bool receive(Snapshots& snapshots, const std::string& file, int errors) {
  std::uint64_t offset = 0;
  for (int i = 0; i < 100 && errors > 0; ++i) {
    const raft::SnapshotChunk chunk{
        raft::Term(3), kLast, offset, file.size(),
        std::make_shared<const std::string>(file.substr(offset, kChunk))};
    const base::Result<raft::Staged> staged = snapshots.stage(chunk);
    if (!staged.ok()) errors -= 1;
    if (!staged.ok()) continue;
    if (staged.value().complete) return true;
    offset = staged.value().next_offset;
  }
  return false;
}

void expect_durable(MemoryDisk& disk, std::uint64_t call) {
  disk.crash(Survival::Nothing);
  const Snapshots after = Snapshots::open(disk, kCluster).value();
  ASSERT_TRUE(after.findings().empty()) << call << ": " << after.findings().front().sentence();
  ASSERT_TRUE(after.newest()) << call;
  EXPECT_EQ(after.newest()->meta.last, kLast) << call;
}

// After a sync that failed, the next one proves nothing (hazard F16).
TEST(Snapshots, AnErrorOfAnyCallWhileOneComesLeavesNoHoleInIt) {
  const std::string file = sent_file();
  std::uint64_t failed_syncs = 0;
  bool reached = true;
  for (std::uint64_t call = 1; reached; ++call) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      MemoryDisk disk(seed);
      Snapshots snapshots = Snapshots::open(disk, kCluster).value();
      disk.plan(Fault::Error, call);
      const std::uint64_t end = disk.calls() + call;
      ASSERT_TRUE(receive(snapshots, file, 3)) << call;
      reached = disk.calls() >= end;
      failed_syncs += disk.syncs() > 3 ? 1U : 0U;
      disk.unplan();
      ASSERT_NO_FATAL_FAILURE(expect_durable(disk, call));
    }
  }
  EXPECT_GE(failed_syncs, 6U);
}

// The process ends, the cache stays: what it could not make durable is no better for that.
TEST(Snapshots, WhatAFormerProcessCouldNotSyncIsWrittenAgain) {
  const std::string file = sent_file();
  std::uint64_t went_on = 0;
  bool reached = true;
  for (std::uint64_t call = 1; reached; ++call) {
    MemoryDisk disk(call);
    {
      Snapshots snapshots = Snapshots::open(disk, kCluster).value();
      disk.plan(Fault::Error, call);
      const std::uint64_t end = disk.calls() + call;
      (void)receive(snapshots, file, 1);
      reached = disk.calls() >= end;
    }
    disk.unplan();
    Snapshots again = Snapshots::open(disk, kCluster).value();
    ASSERT_TRUE(disk.sync_directory().ok());  // As the recovery of the log does.
    const std::uint64_t before = disk.calls();
    ASSERT_TRUE(again.newest() || receive(again, file, 1)) << call;
    went_on += disk.calls() > before ? 1U : 0U;
    ASSERT_NO_FATAL_FAILURE(expect_durable(disk, call));
  }
  EXPECT_GT(went_on, 10U);
}

// Or a server would hear nobody while it reads and writes hundreds of megabytes again.
TEST(Snapshots, WhatCameBeforeARestartIsResumedAPieceForEachChunk) {
  constexpr std::size_t kMost = 9'000'000;  // Of a piece.
  const std::string file = sent_file(2 * kMost);
  MemoryDisk disk(1);
  raft::SnapshotChunk chunk{raft::Term(3), kLast, 0, file.size(), nullptr};
  {
    Snapshots snapshots = Snapshots::open(disk, kCluster).value();
    for (; chunk.offset < file.size() - kChunk; chunk.offset += kChunk) {
      chunk.data = std::make_shared<const std::string>(file.substr(chunk.offset, kChunk));
      ASSERT_TRUE(snapshots.stage(chunk).ok());
    }
  }
  Snapshots again = Snapshots::open(disk, kCluster).value();
  std::uint64_t here = 0;
  for (int pieces = 0; pieces < 3; ++pieces) {
    chunk.offset = here;  // Of no use as yet: it is there.
    chunk.data = std::make_shared<const std::string>(file.substr(here, kChunk));
    const std::uint64_t next = again.stage(chunk).value().next_offset;
    EXPECT_GT(next, here);
    EXPECT_LT(next - here, kMost);
    here = next;
  }
  EXPECT_GT(here, file.size() - 2 * kChunk);
  ASSERT_TRUE(receive(again, file, 1));
  ASSERT_NO_FATAL_FAILURE(expect_durable(disk, 0));
}

TEST(Snapshots, AFullDiskDoesNotMakeWhatIsThereComeAgain) {
  const std::string file = sent_file();
  MemoryDisk disk(1);
  Snapshots snapshots = Snapshots::open(disk, kCluster).value();
  disk.limit(2 * kChunk);
  EXPECT_FALSE(receive(snapshots, file, 1));
  disk.limit(0);
  const raft::SnapshotChunk nothing{raft::Term(3), kLast, 0, file.size(), nullptr};
  EXPECT_EQ(snapshots.stage(nothing).value().next_offset, 2 * kChunk);
  EXPECT_TRUE(receive(snapshots, file, 1));
  ASSERT_NO_FATAL_FAILURE(expect_durable(disk, 0));
}

TEST(Snapshots, WhatCannotBeOpenedNowIsNotDamaged) {
  const std::string file = sent_file();
  MemoryDisk disk(1);
  Snapshots snapshots = Snapshots::open(disk, kCluster).value();
  std::uint64_t offset = 0;
  const auto chunk = [&] {
    const auto data = std::make_shared<const std::string>(file.substr(offset, kChunk));
    return raft::SnapshotChunk{raft::Term(3), kLast, offset, file.size(), data};
  };
  offset = snapshots.stage(chunk()).value().next_offset;
  disk.refuse_to_open(true);
  base::Result<raft::Staged> staged = snapshots.stage(chunk());
  for (; staged.ok() && offset < file.size(); staged = snapshots.stage(chunk())) {
    offset = staged.value().next_offset;
  }
  ASSERT_FALSE(staged.ok());
  ASSERT_LT(offset + kChunk, file.size());  // Before the end: that it is good was to be seen.
  disk.refuse_to_open(false);
  EXPECT_GE(snapshots.stage(chunk()).value().next_offset, offset);
  ASSERT_TRUE(receive(snapshots, file, 1));

  const raft::SnapshotChunk wanted{raft::Term(3), kLast, 0, file.size(), nullptr};
  disk.refuse_to_open(true);
  EXPECT_FALSE(snapshots.fill({{2}, wanted, kChunk}).value().has_value());
  EXPECT_TRUE(snapshots.findings().empty());
  disk.refuse_to_open(false);
  EXPECT_TRUE(snapshots.fill({{2}, wanted, kChunk}).value().has_value());
}

// What damage is behind is not sent, also if somebody else began anew meanwhile.
TEST(Snapshots, WhatIsSentToTwoIsVerifiedForBoth) {
  std::string file = sent_file();
  const std::string name = journal::snapshot_name(kLast, journal::kSnapshotSuffix);
  MemoryDisk disk(1);
  ASSERT_TRUE(disk.create(name).ok());
  disk.set_bytes(name, file);
  Snapshots snapshots = Snapshots::open(disk, kCluster).value();
  ASSERT_TRUE(snapshots.findings().empty());
  const std::size_t damaged = file.size() / 10 * 9;
  file[damaged] = static_cast<char>(file[damaged] ^ 1);
  disk.set_bytes(name, file);
  const auto sent = [&](std::uint32_t to, std::uint64_t offset) {
    const raft::SnapshotChunk chunk{raft::Term(3), kLast, offset, file.size(), nullptr};
    return snapshots.fill({{to}, chunk, kChunk}).value().has_value();
  };
  std::uint64_t first = 0;
  for (; first < file.size() / 2; first += kChunk) ASSERT_TRUE(sent(2, first));
  ASSERT_TRUE(sent(3, 0));
  while (sent(2, first)) {
    first += kChunk;
    ASSERT_LT(first, file.size());
  }
  EXPECT_LE(first, damaged);
  ASSERT_EQ(snapshots.findings().size(), 1U);
}

}  // namespace
}  // namespace replica
