// SPDX-License-Identifier: Apache-2.0
// Damage is named, never taken for an unfinished end, and costs nothing that was promised: either
// the log is whole, or the floor covers what is missing. Term and vote stay.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "io/testing/memory_disk.h"
#include "journal/journal.h"
#include "journal/kit/workload.h"
#include "journal/layout.h"
#include "journal/mapped_log.h"
#include "journal/recovery.h"
#include "journal/segment_log.h"
#include "journal/test_config.h"

namespace journal {
namespace {

using io::testing::MemoryDisk;
using io::testing::Survival;

// A journal of several segments, and what it should give back.
template <class Log = SegmentLog>
kit::Model write(MemoryDisk& disk, std::uint64_t seed, int steps,
                 const Config& config = segments_of(4000)) {
  Log log(disk, config);
  EXPECT_TRUE(log.recover().ok());
  kit::Workload workload(seed);
  for (int i = 0; i < steps; ++i) {
    const kit::Step step = workload.next();
    log.append(step.change);
    EXPECT_TRUE(log.sync().ok());
    EXPECT_TRUE(log.tend().ok());
  }
  disk.crash(Survival::Everything);
  return workload.model();
}

base::Result<Recovered> open(MemoryDisk& disk, const Config& config = segments_of(4000)) {
  return SegmentLog(disk, config).recover();
}

// Why `found` is no rightful rest of `model`.
std::string loss(const kit::Model& model, const Recovered& found) {
  if (found.floor == kUnknownFloor) return {};  // It never votes again.
  if (found.hard_state.term < model.hard_state.term) return "the term is lost";
  if (found.hard_state != model.hard_state) return "the vote is lost";
  if (found.last() < model.last() && found.floor < model.last()) {
    return "something is missing, and the floor does not tell";
  }
  return {};
}

struct Files {
  std::vector<std::pair<std::string, std::string>> all;

  static Files of(MemoryDisk& disk) {
    Files files;
    const std::vector<std::string> names = disk.list().value();
    for (const std::string& name : names) files.all.emplace_back(name, disk.bytes(name));
    return files;
  }
  // What is there now is this, and durable.
  void put(MemoryDisk& disk) const {
    const std::vector<std::string> names = disk.list().value();
    for (const std::string& name : names) EXPECT_TRUE(disk.remove(name).ok());
    for (const auto& [name, bytes] : all) {
      EXPECT_TRUE(disk.create(name).ok());
      disk.set_bytes(name, bytes);
    }
    EXPECT_TRUE(disk.sync_directory().ok());
  }
};

// Where the last frame ends: behind are only zeros.
std::size_t live_bytes(const std::string& bytes) {
  const std::size_t last = bytes.find_last_not_of('\0');
  return last == std::string::npos ? 0 : last + 1;
}

// After damage: named, nothing lost, and the same again after a crash right after recovery, though
// what was damaged is repaired or void by then.
void expect_survived(MemoryDisk& disk, const kit::Model& model, const std::string& file,
                     const std::string& where) {
  const base::Result<Recovered> found = open(disk);
  ASSERT_TRUE(found.ok()) << where << ": " << found.error().message;
  ASSERT_EQ(loss(model, found.value()), "") << where;
  const std::vector<Finding>& findings = found.value().findings;
  ASSERT_TRUE(std::ranges::any_of(findings, [&](const Finding& f) { return f.file == file; }))
      << where << " is not named";
  disk.crash(Survival::Nothing);
  const base::Result<Recovered> again = open(disk);
  ASSERT_TRUE(again.ok()) << where << ": " << again.error().message;
  ASSERT_EQ(loss(model, again.value()), "") << where << ", later";
  ASSERT_EQ(again.value().floor, found.value().floor) << where;
  ASSERT_EQ(again.value().last(), found.value().last()) << where;
  ASSERT_TRUE(again.value().findings.empty()) << again.value().findings.front().sentence();
}

TEST(Damage, ABitTurnedAtAnyLiveByteIsNamedAndNothingIsLost) {
  MemoryDisk disk(3);
  const kit::Model model = write(disk, 3, 16);
  const Files good = Files::of(disk);
  ASSERT_GE(good.all.size(), 3U);
  std::uint64_t whole = 0;
  std::uint64_t cut = 0;
  for (const auto& [name, bytes] : good.all) {
    for (std::size_t at = 0; at < live_bytes(bytes); ++at) {
      std::string bad = bytes;
      bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
      disk.set_bytes(name, bad);
      const base::Result<std::vector<Finding>> damage = find_damage(disk, segments_of(4000));
      ASSERT_TRUE(damage.ok() && !damage.value().empty()) << name << " byte " << at;
      expect_survived(disk, model, name, name + " byte " + std::to_string(at));
      if (HasFailure()) return;
      const Recovered found = open(disk).value();
      ASSERT_NE(found.floor, kUnknownFloor) << name << " byte " << at;
      (found.floor == raft::EntryId{} ? whole : cut) += 1;
      good.put(disk);
    }
  }
  EXPECT_GT(whole, 2000U);
  EXPECT_GT(cut, 1000U);
}

TEST(Damage, ABitTurnedInALargeJournalIsNamedAndNothingIsLost) {
  const char* seed = std::getenv("SEED");
  base::Prng prng(seed == nullptr ? 1 : std::strtoull(seed, nullptr, 10));
  MemoryDisk disk(4);
  const kit::Model model = write(disk, 4, 600);
  const Files good = Files::of(disk);
  for (int i = 0; i < 250; ++i) {
    const auto& [name, bytes] = good.all[prng.between(0, good.all.size() - 1)];
    if (live_bytes(bytes) == 0) continue;
    const std::size_t at = prng.between(0, live_bytes(bytes) - 1);
    std::string bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ (1 << prng.between(0, 7)));
    disk.set_bytes(name, bad);
    expect_survived(disk, model, name, name + " byte " + std::to_string(at));
    if (HasFailure()) return;
    good.put(disk);
  }
}

// A lost write; but for the last frame, whose end cannot be told from one that was never written.
TEST(Damage, ASectorOfZerosBeforeTheLastFrameLosesNothing) {
  MemoryDisk disk(5);
  const kit::Model model = write(disk, 5, 40);
  const Files good = Files::of(disk);
  for (const auto& [name, bytes] : good.all) {
    const std::size_t live = live_bytes(bytes);
    const bool last = name == good.all.back().first || live_bytes(good.all.back().second) == 0;
    for (std::size_t at = 0; at + (last ? 5000 : 0) < live; at += io::kSectorBytes) {
      std::string bad = bytes;
      bad.replace(at, io::kSectorBytes, io::kSectorBytes, '\0');
      disk.set_bytes(name, bad);
      const base::Result<Recovered> found = open(disk);
      ASSERT_TRUE(found.ok()) << found.error().message;
      ASSERT_EQ(loss(model, found.value()), "") << name << " byte " << at;
      good.put(disk);
    }
  }
}

// Also the last frame: what was written over it is no sign of a crash.
TEST(Damage, ASectorOfRubbishAnywhereLosesNothing) {
  for (std::uint64_t seed = 6; seed < 16; ++seed) {
    MemoryDisk disk(seed);
    const kit::Model model = write(disk, seed, 20);
    const Files good = Files::of(disk);
    for (const auto& [name, bytes] : good.all) {
      for (std::size_t at = 0; at < live_bytes(bytes); at += io::kSectorBytes) {
        std::string bad = bytes;
        bad.replace(at, io::kSectorBytes, io::kSectorBytes, '?');
        disk.set_bytes(name, bad);
        expect_survived(disk, model, name, name + " byte " + std::to_string(at));
        if (HasFailure()) return;
        good.put(disk);
      }
    }
  }
}

TEST(Damage, AFrameWrittenToTheWrongPlaceIsMissed) {
  MemoryDisk disk(7);
  const Config config = segments_of(1U << 20U);
  (void)write(disk, 7, 20, config);
  SegmentLog log(disk, config);
  const Recovered before = log.recover().value();
  const std::string name = segment_name(1);
  const std::string old = disk.bytes(name);
  const raft::Entry entry{
      {before.last().term, before.last().index.next()}, raft::EntryKind::Noop, nullptr};
  Change change;
  change.append = std::span(&entry, 1);
  log.append(change);
  ASSERT_TRUE(log.sync().ok());
  const std::string written = disk.bytes(name);
  const std::size_t end = live_bytes(written);
  const std::string frame = written.substr(end - io::kSectorBytes, io::kSectorBytes);
  for (std::size_t at = 0; at + io::kSectorBytes < end; at += io::kSectorBytes) {
    std::string bad = old;
    bad.replace(at, io::kSectorBytes, frame);
    disk.set_bytes(name, bad);
    const Recovered found = open(disk, config).value();
    ASSERT_TRUE(found.last() >= entry.id || found.floor >= entry.id) << "byte " << at;
    ASSERT_FALSE(found.findings.empty());
    const std::vector<std::string> names = disk.list().value();
    for (const std::string& each : names) {
      if (each != name) {
        ASSERT_TRUE(disk.remove(each).ok());
      }
    }
  }
}

// Zeros were written ahead; nobody was promised anything of them.
TEST(Damage, ABitTurnedInASegmentThatIsPreparedCostsNothing) {
  MemoryDisk disk(3);
  const Config config = segments_of(1U << 20U);
  const kit::Model model = write(disk, 3, 20, config);
  const Files good = Files::of(disk);
  for (std::size_t at = 0; at < 2 * io::kSectorBytes; ++at) {
    ASSERT_TRUE(disk.create(segment_name(2)).ok());
    std::string zeros(4096, '\0');
    zeros[at] = 1;
    disk.set_bytes(segment_name(2), zeros);
    ASSERT_TRUE(disk.sync_directory().ok());
    const Recovered found = open(disk, config).value();
    ASSERT_EQ(found.hard_state, model.hard_state) << at;
    ASSERT_EQ(found.last(), model.last()) << at;
    ASSERT_EQ(found.floor, raft::EntryId{}) << at;
    good.put(disk);
  }
}

TEST(Damage, AMissingSegmentIsNoticedAlsoTheLast) {
  MemoryDisk disk(8);
  const kit::Model model = write(disk, 8, 60);
  const Files good = Files::of(disk);
  ASSERT_GE(good.all.size(), 5U);
  // Without the first, the log may have been compacted: see Journal::open().
  for (std::size_t i = 1; i + 1 < good.all.size(); ++i) {
    ASSERT_TRUE(disk.remove(good.all[i].first).ok());
    ASSERT_TRUE(disk.sync_directory().ok());
    const Recovered found = open(disk).value();
    ASSERT_EQ(loss(model, found), "") << i;
    const std::string sentence = found.findings.front().sentence();
    EXPECT_TRUE(sentence.starts_with(good.all[i].first + ": missing, though ")) << sentence;
    EXPECT_EQ(sentence.find(" at byte "), std::string::npos) << sentence;
    good.put(disk);
  }
}

TEST(Damage, TheFloorIsReachedByWhatALeaderSends) {
  MemoryDisk disk(9);
  const kit::Model model = write(disk, 9, 30);
  const std::string name = segment_name(2);
  std::string bad = disk.bytes(name);
  bad[700] = static_cast<char>(bad[700] ^ 1);
  disk.set_bytes(name, bad);
  SegmentLog log(disk, segments_of(4000));
  const Recovered found = log.recover().value();
  ASSERT_EQ(found.floor, model.last());
  raft::LogIndex index = found.last().index;
  while (index < model.last().index) {
    const raft::Entry entry{{model.last().term, index.next()}, raft::EntryKind::Noop, nullptr};
    Change change;
    change.append = std::span(&entry, 1);
    log.append(change);
    ASSERT_TRUE(log.sync().ok());
    index = index.next();
    MemoryDisk copy(1);
    Files::of(disk).put(copy);
    const Recovered now = open(copy).value();
    ASSERT_EQ(now.floor, index < model.last().index ? model.last() : raft::EntryId{});
    ASSERT_EQ(now.last().index, index);
  }
}

// The same, of the mapped file: two pairs of slots, then batches.
TEST(Damage, ABitTurnedAtAnyLiveByteOfTheMappedFileIsNamedAndNothingIsLost) {
  MemoryDisk disk(3);
  const auto recover = [&disk] { return MappedLog(disk, segments_of(4000)).recover(); };
  const kit::Model model = write<MappedLog>(disk, 3, 16);
  const Files good = Files::of(disk);
  const auto& [name, bytes] = good.all.front();
  for (std::size_t at = 0; at < live_bytes(bytes); ++at) {
    if (at >= 4 * io::kSectorBytes && at < 4096) continue;  // Never written.
    std::string bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    disk.set_bytes(name, bad);
    const base::Result<Recovered> found = recover();
    ASSERT_TRUE(found.ok()) << at << ": " << found.error().message;
    ASSERT_EQ(loss(model, found.value()), "") << at;
    ASSERT_NE(found.value().floor, kUnknownFloor) << at;
    ASSERT_EQ(found.value().findings.size(), 1U) << at;
    disk.crash(Survival::Nothing);
    const base::Result<Recovered> again = recover();
    ASSERT_EQ(loss(model, again.value()), "") << at << ", later";
    ASSERT_EQ(again.value().floor, found.value().floor) << at;
    ASSERT_TRUE(again.value().findings.empty()) << again.value().findings.front().sentence();
    good.put(disk);
  }
}

// One slot is no loss, and may never have been written; a pair may have been the newest, so that
// the floor is not known.
TEST(Damage, ZeroedSlotsOfTheMappedFileAreNotTakenForNewOnes) {
  MemoryDisk disk(4);
  const kit::Model model = write<MappedLog>(disk, 4, 5);
  const Files good = Files::of(disk);
  const auto& [name, bytes] = good.all.front();
  const auto recover_without = [&, &file = name, &content = bytes](std::size_t at,
                                                                   std::size_t sectors) {
    std::string bad = content;
    const std::size_t size = sectors * io::kSectorBytes;
    bad.replace(at * io::kSectorBytes, size, size, '\0');
    disk.set_bytes(file, bad);
    Recovered found = MappedLog(disk, segments_of(4000)).recover().value();
    good.put(disk);
    return found;
  };
  for (std::size_t slot = 0; slot < 4; ++slot) {
    const Recovered found = recover_without(slot, 1);
    EXPECT_EQ(loss(model, found), "") << slot;
    EXPECT_TRUE(found.findings.empty()) << slot;
    EXPECT_NE(found.floor, kUnknownFloor) << slot;
  }
  for (const std::size_t slot : {0U, 1U, 2U, 3U}) {  // Zeros beside a damaged one are no good twin.
    std::string bad = bytes;
    bad[slot * io::kSectorBytes + 40] ^= 1;
    bad.replace((slot ^ 1U) * io::kSectorBytes, io::kSectorBytes, io::kSectorBytes, '\0');
    disk.set_bytes(name, bad);
    EXPECT_EQ(MappedLog(disk, segments_of(4000)).recover().value().floor, kUnknownFloor) << slot;
    good.put(disk);
  }
  for (const std::size_t pair : {0U, 2U}) {
    const Recovered found = recover_without(pair, 2);
    EXPECT_EQ(found.findings.size(), 1U) << pair;
    EXPECT_EQ(found.floor, kUnknownFloor) << pair;
  }
}

TEST(Damage, ALogOfSomebodyElseIsRefused) {
  MemoryDisk disk(12);
  (void)write(disk, 12, 2);
  Config other = segments_of(4000);
  other.node = {2};
  EXPECT_EQ(open(disk, other).error().message,
            "0000000000000001.journal: belongs to node 1, but this is node 2");
  other = segments_of(4000);
  other.cluster = 8;
  EXPECT_EQ(open(disk, other).error().message,
            "0000000000000001.journal: belongs to a cluster of another name");
  EXPECT_TRUE(open(disk).ok());
}

TEST(Damage, OtherFilesAreLeftAloneButNotThoseThatLookLikeSegments) {
  MemoryDisk disk(13);
  ASSERT_TRUE(disk.create("lock").ok());
  EXPECT_TRUE(open(disk).ok());
  ASSERT_TRUE(disk.create("2.journal").ok());
  EXPECT_EQ(open(disk).error().message,
            "2.journal: not the name of a segment, though it ends like one");
}

}  // namespace
}  // namespace journal
