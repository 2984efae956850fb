// SPDX-License-Identifier: Apache-2.0
// Damage that no crash explains is reported with its place, never repaired.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "io/testing/memory_disk.h"
#include "journal/journal.h"
#include "journal/layout.h"
#include "journal/workload_test.h"

namespace journal {
namespace {

using io::testing::MemoryDisk;
using io::testing::Survival;

// A journal of several segments, and what it should give back.
Log write_segments(MemoryDisk& disk, std::uint64_t seed, int steps) {
  Opened opened = Journal::open(disk, small_config()).value();
  Workload workload(seed);
  for (int i = 0; i < steps; ++i) {
    opened.journal.append(workload.next());
    EXPECT_TRUE(opened.journal.sync().ok());
  }
  disk.crash(Survival::Everything);
  return workload.log();
}

std::string outcome(MemoryDisk& disk, const Config& config = small_config()) {
  const auto opened = Journal::open(disk, config);
  return opened.ok() ? "opens" : opened.error().message;
}

base::Status put(MemoryDisk& disk, const std::string& name, const std::string& bytes) {
  if (!disk.open(name).ok()) {
    TRY([[maybe_unused]] const auto file, disk.create(name));
  }
  disk.set_bytes(name, bytes);
  return disk.sync_directory();
}

TEST(Damage, AFlippedBitAnywhereIsReportedOrHarmless) {
  MemoryDisk disk(3);
  const Log log = write_segments(disk, 3, 14);
  const std::vector<std::string> names = disk.list().value();
  ASSERT_GE(names.size(), 3U);
  std::uint64_t reported = 0;
  for (const std::string& name : names) {
    const std::string good = disk.bytes(name);
    for (std::size_t at = 0; at < good.size(); ++at) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
      disk.set_bytes(name, bad);
      base::Result<Opened> opened = Journal::open(disk, small_config());
      if (opened.ok()) {
        Opened whole = std::move(opened).value();
        ASSERT_TRUE(log_of(whole) == log) << name << " byte " << at;
      } else {
        ASSERT_EQ(opened.error().code, base::ErrorCode::Corrupt) << opened.error().message;
        ASSERT_TRUE(opened.error().message.starts_with(name)) << opened.error().message;
        reported += 1;
      }
      disk.set_bytes(name, good);
    }
  }
  EXPECT_GT(reported, 5000U);
}

// As above with whole sectors: overwritten with zeros, as by a lost write, or with something else.
TEST(Damage, ASectorLostBeforeTheLastFrameIsReported) {
  MemoryDisk disk(4);
  const Log log = write_segments(disk, 4, 14);
  const std::vector<std::string> names = disk.list().value();
  for (const std::string& name : names) {
    const std::string good = disk.bytes(name);
    for (std::size_t at = 0; at < good.size(); at += io::kSectorBytes) {
      std::string bad = good;
      const std::size_t size = std::min(io::kSectorBytes, bad.size() - at);
      const bool last = name == names.back() && at + 2 * io::kSectorBytes >= bad.size();
      bad.replace(at, size, std::string(size, last ? '?' : '\0'));
      disk.set_bytes(name, bad);
      if (bad != good) {
        base::Result<Opened> opened = Journal::open(disk, small_config());
        const bool refused = !opened.ok();
        bool same = false;
        if (!refused) {
          Opened whole = std::move(opened).value();
          same = log_of(whole) == log;
        }
        // The last frame alone cannot be told from one that a crash tore.
        const bool in_last_frames = name == names.back() && at + 4000 > bad.size();
        ASSERT_TRUE(refused || same || in_last_frames) << name << " byte " << at;
      }
      disk.set_bytes(name, good);
    }
  }
}

TEST(Damage, AMissingSegmentIsReportedAlsoTheLast) {
  MemoryDisk disk(5);
  (void)write_segments(disk, 5, 20);
  const std::vector<std::string> names = disk.list().value();
  ASSERT_GE(names.size(), 4U);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string good = disk.bytes(names[i]);
    ASSERT_TRUE(disk.remove(names[i]).ok());
    ASSERT_TRUE(disk.sync_directory().ok());
    EXPECT_TRUE(outcome(disk).starts_with(names[i] + ": missing, though")) << outcome(disk);
    ASSERT_TRUE(put(disk, names[i], good).ok());
  }
  EXPECT_EQ(outcome(disk), "opens");
}

TEST(Damage, SegmentsInEachOthersPlaceAreReported) {
  MemoryDisk disk(6);
  (void)write_segments(disk, 6, 20);
  const std::vector<std::string> names = disk.list().value();
  disk.set_bytes(names[1], disk.bytes(names[2]));
  EXPECT_EQ(outcome(disk), names[1] + ": the header is that of another segment at byte 0");
}

TEST(Damage, ASegmentOfAnotherLogIsReported) {
  MemoryDisk one(7);
  MemoryDisk other(8);
  (void)write_segments(one, 7, 20);
  (void)write_segments(other, 8, 20);
  one.set_bytes("0000000000000002.journal", other.bytes("0000000000000002.journal"));
  EXPECT_EQ(outcome(one),
            "0000000000000002.journal: the segment does not continue the one before it at byte 0");
}

TEST(Damage, AnEmptiedSegmentIsReported) {
  MemoryDisk disk(9);
  (void)write_segments(disk, 9, 20);
  const std::string name = disk.list().value().back();
  disk.set_bytes(name, "");
  EXPECT_EQ(outcome(disk), name + ": the segment has no header at byte 0");
}

TEST(Damage, ATruncatedSegmentThatIsNotTheLastIsReported) {
  MemoryDisk disk(10);
  (void)write_segments(disk, 10, 20);
  const std::string good = disk.bytes("0000000000000002.journal");
  for (std::size_t size = kSegmentHeaderBytes; size < good.size(); size += 32) {
    disk.set_bytes("0000000000000002.journal", good.substr(0, size));
    EXPECT_TRUE(
        outcome(disk).starts_with("0000000000000002.journal: the segment ends without a "
                                  "seal, though the next one is in use, at byte "))
        << outcome(disk);
  }
}

TEST(Damage, AFrameOfAnEarlierLifeIsNoFrame) {
  // The same log written twice differs only in where its frames lie: move one by 32 bytes.
  MemoryDisk disk(11);
  (void)write_segments(disk, 11, 2);
  const std::string name = disk.list().value().front();
  std::string bytes = disk.bytes(name);
  bytes.insert(kSegmentHeaderBytes, kAlignment, '\0');
  disk.set_bytes(name, bytes);
  Opened opened = Journal::open(disk, small_config()).value();
  EXPECT_TRUE(opened.entries.empty());
}

TEST(Damage, ALogOfSomebodyElseIsRefused) {
  MemoryDisk disk(12);
  (void)write_segments(disk, 12, 2);
  EXPECT_EQ(outcome(disk, {7, {2}, kSmallSegment}),
            "0000000000000001.journal: of node 1 of cluster 7, but this is node 2 of cluster 7");
  EXPECT_EQ(outcome(disk, {8, {1}, kSmallSegment}),
            "0000000000000001.journal: of node 1 of cluster 7, but this is node 1 of cluster 8");
  EXPECT_EQ(outcome(disk), "opens");
}

TEST(Damage, OtherFilesAreLeftAloneButNotThoseThatLookLikeSegments) {
  MemoryDisk disk(13);
  ASSERT_TRUE(put(disk, "lock", "").ok());
  EXPECT_EQ(outcome(disk), "opens");
  ASSERT_TRUE(put(disk, "2.journal", "").ok());
  EXPECT_EQ(outcome(disk), "2.journal: not the name of a segment, though it ends like one");
}

// A crash may leave a file longer than what was written to it.
TEST(Damage, ZerosBehindTheLastFrameAreNoFramesAndNoDamageAndAreCutOff) {
  MemoryDisk disk(14);
  const Log log = write_segments(disk, 14, 6);
  const std::string name = disk.list().value().back();
  disk.set_bytes(name, disk.bytes(name) + std::string(10000, '\0'));
  Opened opened = Journal::open(disk, small_config()).value();
  EXPECT_TRUE(log_of(opened) == log);
  EXPECT_LT(disk.bytes(name).size(), 10000U);

  Workload workload(15);
  workload.restart(log);
  opened.journal.append(workload.next());
  ASSERT_TRUE(opened.journal.sync().ok());
  Opened again = Journal::open(disk, small_config()).value();
  EXPECT_TRUE(log_of(again) == workload.log());
}

}  // namespace
}  // namespace journal
