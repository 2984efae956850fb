// SPDX-License-Identifier: Apache-2.0
// Damage in two places, one of them the last frame: nothing tells any more how far the log went.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/testing/memory_disk.h"
#include "journal/kit/workload.h"
#include "journal/segment_log.h"
#include "journal/test_config.h"

namespace journal {
namespace {

using io::kSectorBytes;
using io::testing::MemoryDisk;

using Contents = std::map<std::string, std::string>;

Contents contents(MemoryDisk& disk) {
  Contents all;
  const std::vector<std::string> names = disk.list().value();
  for (const std::string& name : names) all[name] = disk.bytes(name);
  return all;
}

Contents six_batches(const Config& config, std::uint64_t seed, kit::Workload& workload) {
  MemoryDisk disk(seed);
  SegmentLog log(disk, config);
  EXPECT_TRUE(log.recover().ok());
  for (int step = 0; step < 6; ++step) {
    log.append(workload.next().change);
    EXPECT_TRUE(log.sync().ok());
  }
  return contents(disk);
}

void put_all(MemoryDisk& disk, const Contents& all) {
  for (const auto& [name, bytes] : all) {
    ASSERT_TRUE(disk.create(name).ok());
    disk.set_bytes(name, bytes);
  }
  ASSERT_TRUE(disk.sync_directory().ok());
}

bool is_zero(const std::string& bytes, std::size_t at) {
  return bytes.find_first_not_of('\0', at) >= at + kSectorBytes;
}

void spoil(std::string& bytes, std::size_t at) {
  bytes.replace(at, kSectorBytes, kSectorBytes, '?');
}

// Every sector that the last sync wrote.
Contents without_the_last(const Contents& before, const Contents& after) {
  Contents bad = after;
  for (auto& [name, bytes] : bad) {
    const auto old = before.find(name);
    for (std::size_t at = 0; at < bytes.size(); at += kSectorBytes) {
      const bool same = old != before.end() && at < old->second.size() &&
                        bytes.compare(at, kSectorBytes, old->second, at, kSectorBytes) == 0;
      if (!same && !is_zero(bytes, at)) spoil(bytes, at);
    }
  }
  return bad;
}

// What was promised is there, or the floor is not below it.
bool keeps(const Recovered& found, const kit::Model& model) {
  if (found.floor == kUnknownFloor) return true;
  return found.hard_state == model.hard_state &&
         (found.last() >= model.last() || found.floor >= model.last());
}

TEST(TwoDamages, OfWhichOneIsTheLastFrameNeverHideAPromise) {
  std::uint64_t unknown = 0;
  std::uint64_t known = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Config config = segments_of(seed % 2 == 0 ? 4'000 : 1U << 20U);
    MemoryDisk disk(seed);
    SegmentLog log(disk, config);
    ASSERT_TRUE(log.recover().ok());
    kit::Workload workload(seed);
    Contents before;
    for (std::uint64_t step = 0; step < 8 + seed % 5; ++step) {
      before = contents(disk);
      const kit::Step next = workload.next();
      log.append(next.change);
      ASSERT_TRUE(log.sync().ok());
    }
    const Contents bad = without_the_last(before, contents(disk));
    for (const auto& [name, bytes] : before) {
      for (std::size_t at = 0; at < bytes.size(); at += kSectorBytes) {
        if (is_zero(bytes, at)) continue;
        Contents worse = bad;
        spoil(worse[name], at);
        MemoryDisk copy(1);
        ASSERT_NO_FATAL_FAILURE(put_all(copy, worse));
        const base::Result<Recovered> found = SegmentLog(copy, config).recover();
        ASSERT_TRUE(found.ok()) << found.error().message;
        ASSERT_TRUE(keeps(found.value(), workload.model()))
            << "seed " << seed << " " << name << " byte " << at;
        (found.value().floor == kUnknownFloor ? unknown : known) += 1;
      }
    }
  }
  EXPECT_GT(unknown, 100U);
  EXPECT_GT(known, 100U);
}

// A frame that cuts entries off has a last entry which is less up to date than theirs, and behind
// it.
TEST(TwoDamages, ALastFrameBehindOneThatCutEntriesOffIsNotBelowTheFloor) {
  const Config config = segments_of(1U << 20U);
  MemoryDisk disk(1);
  SegmentLog log(disk, config);
  ASSERT_TRUE(log.recover().ok());
  const auto put = [&](std::uint64_t term, std::optional<std::uint64_t> cut, std::uint64_t of,
                       std::uint64_t from, std::uint64_t through) {
    std::vector<raft::Entry> entries;
    for (std::uint64_t i = from; i <= through; ++i) {
      entries.push_back({{raft::Term(of), raft::LogIndex(i)}, raft::EntryKind::Noop, nullptr});
    }
    Change change;
    if (term != 0) change.save = raft::HardState{raft::Term(term), std::nullopt};
    if (cut) change.truncate_from = raft::LogIndex(*cut);
    change.append = entries;
    Contents before = contents(disk);
    log.append(change);
    EXPECT_TRUE(log.sync().ok());
    return before;
  };
  (void)put(4, std::nullopt, 4, 1, 9);
  const Contents before_lost = put(5, std::nullopt, 5, 10, 10);
  const Contents after_lost = put(6, 10, 4, 10, 20);
  const Contents before_last = put(0, std::nullopt, 6, 21, 30);
  const Contents bad = without_the_last(before_last, contents(disk));
  std::uint64_t known = 0;
  for (const auto& [name, bytes] : after_lost) {
    const std::string old = before_lost.contains(name) ? before_lost.at(name) : std::string();
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      const std::size_t sector = at - at % kSectorBytes;
      const bool same = sector < old.size() &&
                        bytes.compare(sector, kSectorBytes, old, sector, kSectorBytes) == 0;
      if (same) continue;
      Contents worse = bad;
      worse[name][at] = static_cast<char>(worse[name][at] ^ 1);
      MemoryDisk copy(1);
      ASSERT_NO_FATAL_FAILURE(put_all(copy, worse));
      const Recovered found = SegmentLog(copy, config).recover().value();
      ASSERT_FALSE(found.findings.empty()) << at;
      known += found.floor == kUnknownFloor ? 0U : 1U;
      const raft::EntryId promised{raft::Term(6), raft::LogIndex(30)};
      ASSERT_TRUE(found.floor == kUnknownFloor || found.floor >= promised)
          << name << " byte " << at;
    }
  }
  EXPECT_GT(known, 100U);
}

void turn_bit(MemoryDisk& disk, const std::string& name, std::size_t at) {
  std::string bytes = disk.bytes(name);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  disk.set_bytes(name, bytes);
}

void expect_reason(MemoryDisk& disk, const Config& config, const std::string& sentence) {
  const Opened opened = Journal::open(disk, config).value();
  ASSERT_EQ(opened.floor, kUnknownFloor);
  ASSERT_GE(opened.findings.size(), 2U);
  EXPECT_NE(opened.findings.front().sentence(), sentence);
  EXPECT_EQ(reason_of(opened.floor, opened.findings)->sentence(), sentence);
}

TEST(TwoDamages, OfWhichOneDoesNoHarmTheOtherIsTheReason) {
  for (const Kind kind : {Kind::Segments, Kind::Mapped}) {
    Config config = segments_of(1U << 20U);
    config.kind = kind;
    MemoryDisk disk(1);
    {
      Opened opened = Journal::open(disk, config).value();
      raft::Effects effects;
      for (std::uint64_t i = 1; i <= 5; ++i) {
        effects.step = raft::StepNumber(i);
        effects.save = raft::HardState{raft::Term(i), std::nullopt};
        opened.journal.append(effects);
        ASSERT_TRUE(opened.journal.sync().ok());
      }
    }
    const std::vector<std::string> names = disk.list().value();
    const std::string& name = names.front();
    turn_bit(disk, name, 8);  // Of a header, or a slot: both are there twice.
    const bool segments = kind == Kind::Segments;
    const std::size_t at = (segments ? 3 : 2) * kSectorBytes;
    std::string bytes = disk.bytes(name);
    for (std::size_t i = at; i < (segments ? bytes.size() : 4 * kSectorBytes); ++i) bytes[i] = '?';
    disk.set_bytes(name, bytes);
    expect_reason(
        disk, config,
        name + (segments ? ": frame 2" : ": a slot") + " is damaged at byte " + std::to_string(at));
    // It stays so; what is found later does not explain it.
    turn_bit(disk, disk.list().value().back(), 8);
    expect_reason(disk, config, "the end of the log was lost, as was found before");
  }
}

// What a repair knows of the log that it cut is in its link, which lies in two places, and
// nowhere else once the rest is gone.
TEST(TwoDamages, OfBothLinksOfARepairDoNotHideItsFloor) {
  const Config config = segments_of(1U << 20U);
  std::uint64_t unknown = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    kit::Workload workload(seed);
    Contents bad = six_batches(config, seed, workload);
    spoil(bad.begin()->second, kSectorBytes);  // The first frame: so nothing good is left.
    MemoryDisk once(1);
    ASSERT_NO_FATAL_FAILURE(put_all(once, bad));
    SegmentLog repaired(once, config);
    ASSERT_TRUE(repaired.recover().ok());
    while (repaired.tend().value()) {
    }
    Contents worse = contents(once);
    std::string& repair = worse.at("0000000000000002.journal");
    repair[seed] ^= 1;
    repair[kSectorBytes + 80 + seed] ^= 1;
    MemoryDisk twice(1);
    ASSERT_NO_FATAL_FAILURE(put_all(twice, worse));
    const Recovered found = SegmentLog(twice, config).recover().value();
    EXPECT_FALSE(found.findings.empty()) << seed;
    EXPECT_TRUE(keeps(found, workload.model())) << seed;
    unknown += found.floor == kUnknownFloor ? 1U : 0U;
  }
  EXPECT_GT(unknown, 0U);
}

// The floor that takes the place of a log without its snapshot is in the last frame alone; what is
// lost before that frame has had an end that only this frame's low-water mark tells.
TEST(TwoDamages, OfASnapshotAndTheFrameBeforeItsFloorDoNotHideWhatWasPromised) {
  const Config config = segments_of(1U << 20U);
  const raft::EntryId promised{raft::Term(5), raft::LogIndex(5)};
  const auto noop = [](std::uint64_t index) {
    return raft::Entry{{raft::Term(5), raft::LogIndex(index)}, raft::EntryKind::Noop, nullptr};
  };
  MemoryDisk disk(1);
  Contents before;
  {
    SegmentLog log(disk, config);
    ASSERT_TRUE(log.recover().ok());
    const std::vector<raft::Entry> first = {noop(1), noop(2), noop(3)};
    Change change;
    change.save = raft::HardState{raft::Term(5), std::nullopt};
    change.append = first;
    log.append(change);
    change = {};
    change.rebase = Rebase{first[2].id, true};
    log.append(change);
    ASSERT_TRUE(log.sync().ok());
    for (const std::uint64_t index : {4U, 5U}) {
      before = contents(disk);
      const std::vector<raft::Entry> one = {noop(index)};
      change = {};
      change.append = one;
      log.append(change);
      ASSERT_TRUE(log.sync().ok());
    }
  }
  Contents bad = without_the_last(before, contents(disk));  // One sector: entry 5.
  ASSERT_EQ(Journal::open(disk, config).value().floor, promised);
  const Contents reconciled = contents(disk);
  const auto& [name, with_floor] = *reconciled.begin();
  const std::size_t lost = bad.at(name).find(std::string(kSectorBytes, '?'));
  for (std::size_t at = lost + kSectorBytes; at < lost + 3 * kSectorBytes; ++at) {
    Contents worse{{name, with_floor}};
    worse[name].replace(lost, kSectorBytes, kSectorBytes, '\0');
    worse[name][at] = static_cast<char>(worse[name][at] ^ 1);
    MemoryDisk copy(1);
    ASSERT_NO_FATAL_FAILURE(put_all(copy, worse));
    const Opened opened = Journal::open(copy, config).value();
    ASSERT_EQ(opened.floor, promised) << "byte " << at;
    ASSERT_EQ(Journal::open(copy, config).value().floor, promised) << "byte " << at;
  }
}

// Wherever it was written: here over the half of the first frame that says what the other half
// does.
TEST(TwoDamages, OfWhichOneIsALastFrameInAWrongPlaceDoNotHideIt) {
  const Config config = segments_of(1U << 20U);
  MemoryDisk disk(1);
  SegmentLog log(disk, config);
  ASSERT_TRUE(log.recover().ok());
  for (std::uint64_t index = 1; index <= 8; ++index) {
    const std::vector<raft::Entry> one = {
        {{raft::Term(5), raft::LogIndex(index)}, raft::EntryKind::Noop, nullptr}};
    Change change;
    if (index == 1) change.save = raft::HardState{raft::Term(5), std::nullopt};
    change.append = one;
    log.append(change);
    ASSERT_TRUE(log.sync().ok());
  }
  Contents bad = contents(disk);
  std::string& bytes = bad.begin()->second;
  const std::size_t last = 9 * kSectorBytes;
  ASSERT_FALSE(is_zero(bytes, last));
  bytes.replace(2 * kSectorBytes, kSectorBytes, bytes, last, kSectorBytes);
  bytes.replace(last, kSectorBytes, kSectorBytes, '\0');
  spoil(bytes, 6 * kSectorBytes);
  MemoryDisk copy(1);
  ASSERT_NO_FATAL_FAILURE(put_all(copy, bad));
  const Recovered found = SegmentLog(copy, config).recover().value();
  EXPECT_EQ(found.last(), (raft::EntryId{raft::Term(5), raft::LogIndex(4)}));
  EXPECT_EQ(found.floor, (raft::EntryId{raft::Term(5), raft::LogIndex(8)}));
}

// The first segment of all continues nothing, so no floor is lost with its link: one block of the
// disk that reads as zeros is repaired.
TEST(TwoDamages, OfTheFirstLinkOfAllAreNoReasonToRefuse) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    kit::Workload workload(seed);
    Contents bad = six_batches(segments_of(1U << 20U), seed, workload);
    bad.begin()->second.replace(0, 2 * kSectorBytes, 2 * kSectorBytes, '\0');
    MemoryDisk again(1);
    ASSERT_NO_FATAL_FAILURE(put_all(again, bad));
    const Recovered found = SegmentLog(again, segments_of(1U << 20U)).recover().value();
    EXPECT_FALSE(found.findings.empty()) << seed;
    EXPECT_NE(found.floor, kUnknownFloor) << seed;
    EXPECT_TRUE(keeps(found, workload.model())) << seed;
  }
}

}  // namespace
}  // namespace journal
