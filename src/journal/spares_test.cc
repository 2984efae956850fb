// SPDX-License-Identifier: Apache-2.0
#include "journal/spares.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/testing/memory_disk.h"
#include "journal/journal.h"
#include "journal/layout.h"
#include "journal/test_config.h"

namespace journal {
namespace {

using io::testing::MemoryDisk;

raft::EntryId entry_id(std::uint64_t index) { return {raft::Term(1), raft::LogIndex(index)}; }

raft::Effects one_entry(std::uint64_t step, std::uint64_t index) {
  raft::Effects effects;
  effects.step = raft::StepNumber(step);
  if (index == 1) effects.save = raft::HardState{raft::Term(1), std::nullopt};
  effects.append = {
      {entry_id(index), raft::EntryKind::Command, std::make_shared<const std::string>(300, 'x')}};
  return effects;
}

// Segments of a few frames each, and a snapshot that follows close behind; in between the process
// ends, and power fails: what an old segment still holds is never taken for the log's.
TEST(Spares, AreSegmentsAgain) {
  MemoryDisk disk(3);
  const Config config = segments_of(4000);
  std::optional<raft::EntryId> covered;
  std::uint64_t index = 0;
  std::size_t most_files = 0;
  bool saw_spare = false;
  for (int life = 0; life < 12; ++life) {
    Opened opened = Journal::open(disk, config, covered).value();
    EXPECT_TRUE(opened.findings.empty());
    ASSERT_EQ(opened.entries.empty() ? opened.base.index : opened.entries.back().id.index,
              raft::LogIndex(index));
    for (std::uint64_t step = 1; step <= 20; ++step) {
      ++index;
      opened.journal.append(one_entry(step, index));
      ASSERT_TRUE(opened.journal.sync().ok());
      if (index > 10) {
        covered = entry_id(index - 10);
        opened.journal.drop_through(covered->index);
      }
      ASSERT_TRUE(opened.journal.tend().ok());
      const std::vector<std::string> names = disk.list().value();
      most_files = std::max(most_files, names.size());
      saw_spare |= !std::ranges::all_of(names, is_segment_name);
    }
    if (life % 2 == 1) disk.crash(io::testing::Survival::Random);
  }
  EXPECT_TRUE(saw_spare);
  EXPECT_LE(most_files, 8U);
}

// To write over zeros is faster than to grow: the first segment, which grows, is left for one that
// is all zeros, however late those are there, and no frame ever lies where zeros are still to come.
TEST(Spares, AreMadeForALogThatGrows) {
  for (const std::uint64_t late : {0U, 1U, 1000U}) {
    MemoryDisk disk(1);
    disk.be_late(late);
    Opened opened = Journal::open(disk, segments_of(64'000)).value();
    std::uint64_t index = 0;
    const auto has_second = [&] {
      const std::vector<std::string> names = disk.list().value();
      return std::ranges::find(names, segment_name(2)) != names.end();
    };
    while (!has_second()) {
      ++index;
      ASSERT_LT(index, 200U);
      opened.journal.append(one_entry(index, index));
      ASSERT_TRUE(opened.journal.sync().ok());
      ASSERT_TRUE(opened.journal.tend().ok());
    }
    const bool in_time = late <= 1;
    EXPECT_EQ(disk.bytes(segment_name(2)).size(), in_time ? 64'000U : 0U) << late;
    EXPECT_EQ(index < 100, in_time) << late;  // There was room for 124.
    const std::uint64_t before = index;
    for (const std::uint64_t more = index + 8; index < more;) {
      ++index;
      opened.journal.append(one_entry(index, index));
      ASSERT_TRUE(opened.journal.sync().ok());
      ASSERT_TRUE(opened.journal.tend().ok());
      if (index != before + 2) continue;
      EXPECT_NE(disk.bytes(segment_name(2)).substr(0, 8), std::string(8, '\0'));  // It is begun.
    }
    disk.crash(io::testing::Survival::Random);
    opened = Journal::open(disk, segments_of(64'000)).value();
    EXPECT_TRUE(opened.findings.empty());
    EXPECT_EQ(opened.entries.size(), index) << late;
  }
}

// What a full disk has left is for the log and the snapshot that shortens it.
TEST(Spares, AreNotMadeAgainOnAFullDisk) {
  MemoryDisk disk(1);
  disk.limit(40'000);
  Opened opened = Journal::open(disk, segments_of(64'000)).value();
  bool made = false;
  bool gone = false;
  for (std::uint64_t index = 1; index <= 30; ++index) {
    opened.journal.append(one_entry(index, index));
    ASSERT_TRUE(opened.journal.sync().ok()) << index;
    for (int turns = 0; turns < 10; ++turns) {
      ASSERT_TRUE(opened.journal.tend().ok());
      const bool there = disk.list().value().size() > 1;
      ASSERT_FALSE(gone && there) << index;
      gone |= made && !there;
      made |= there;
    }
  }
  EXPECT_TRUE(gone);
}

// Neither they nor the next segment: the present one grows until there is one again.
TEST(Spares, CanWaitWhileNoFileCanBeOpened) {
  MemoryDisk disk(5);
  const Config config = segments_of(4000);
  Opened opened = Journal::open(disk, config).value();
  const auto append = [&](std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t index = begin; index < end; ++index) {
      opened.journal.append(one_entry(index, index));
      ASSERT_TRUE(opened.journal.sync().ok()) << index;
      if (index > 10) opened.journal.drop_through(raft::LogIndex(index - 10));
      ASSERT_TRUE(opened.journal.tend().ok()) << index;
    }
  };
  ASSERT_NO_FATAL_FAILURE(append(1, 31));
  const std::size_t files = disk.list().value().size();
  disk.refuse_to_open(true);
  ASSERT_NO_FATAL_FAILURE(append(31, 200));
  EXPECT_LT(disk.list().value().size(), files);  // What is dropped meanwhile is gone.
  const auto last_segment = [&] {
    std::string last;
    const std::vector<std::string> names = disk.list().value();
    for (const std::string& name : names) {
      if (is_segment_name(name)) last = name;
    }
    return last;
  };
  const std::string grown = last_segment();
  EXPECT_GT(disk.bytes(grown).size(), 50'000U);
  disk.refuse_to_open(false);
  ASSERT_NO_FATAL_FAILURE(append(200, 203));
  EXPECT_GT(last_segment(), grown);
  disk.crash(io::testing::Survival::Random);
  opened = Journal::open(disk, config, entry_id(192)).value();
  EXPECT_TRUE(opened.findings.empty());
  EXPECT_EQ(opened.entries.back().id.index, raft::LogIndex(202));
}

// The zeros are known again after a restart.
TEST(Spares, AreLeftForAlsoByTheNextLife) {
  MemoryDisk disk(1);
  std::uint64_t index = 0;
  {
    Opened opened = Journal::open(disk, segments_of(64'000)).value();
    while (disk.list().value().back() != segment_name(2)) {
      ++index;
      ASSERT_LT(index, 100U);
      opened.journal.append(one_entry(index, index));
      ASSERT_TRUE(opened.journal.sync().ok());
      ASSERT_TRUE(opened.journal.tend().ok());
    }
  }
  Opened opened = Journal::open(disk, segments_of(64'000)).value();
  for (int count = 0; count < 2; ++count) {
    ++index;
    opened.journal.append(one_entry(index, index));
    ASSERT_TRUE(opened.journal.sync().ok());
  }
  EXPECT_NE(disk.bytes(segment_name(2)).substr(0, 8), std::string(8, '\0'));  // It is begun.
}

// A log that is short has one file.
TEST(Spares, AreNotMadeForAShortLog) {
  MemoryDisk disk(1);
  Opened opened = Journal::open(disk, segments_of(100'000)).value();
  opened.journal.append(one_entry(1, 1));
  ASSERT_TRUE(opened.journal.sync().ok());
  while (opened.journal.tend().value()) {
  }
  EXPECT_EQ(disk.list().value(), std::vector<std::string>{segment_name(1)});
}

}  // namespace
}  // namespace journal
