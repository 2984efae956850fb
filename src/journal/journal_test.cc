// SPDX-License-Identifier: Apache-2.0
#include "journal/journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "golden/golden.h"
#include "io/testing/memory_disk.h"
#include "journal/layout.h"
#include "journal/record.h"

namespace journal {
namespace {

using io::testing::Fault;
using io::testing::MemoryDisk;

Config config_of(std::uint64_t segment_bytes) {
  Config config;
  config.cluster = 7;
  config.node = {1};
  config.segment_bytes = segment_bytes;
  return config;
}

raft::Entry entry(std::uint64_t term, std::uint64_t index, std::optional<std::string> payload) {
  return {{raft::Term(term), raft::LogIndex(index)},
          payload ? raft::EntryKind::Command : raft::EntryKind::Noop,
          payload ? std::make_shared<const std::string>(std::move(*payload)) : nullptr};
}

raft::Effects step(std::uint64_t number) {
  raft::Effects effects;
  effects.step = raft::StepNumber(number);
  return effects;
}

raft::Effects append(std::uint64_t number, std::uint64_t index, const std::string& payload) {
  raft::Effects effects = step(number);
  if (index == 1) effects.save = raft::HardState{raft::Term(1), std::nullopt};
  effects.append = {entry(1, index, payload)};
  return effects;
}

raft::EntryId id(std::uint64_t term, std::uint64_t index) {
  return {raft::Term(term), raft::LogIndex(index)};
}

// Eight bytes a group, two groups a line, with the offset in front; lines of zeros left out.
std::string dump(const std::string& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  bool skipped = false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % 16 == 0) {
      if (i > 0 && all_zeros(std::string_view(bytes).substr(i, 16))) {
        text += std::exchange(skipped, true) ? "" : "\n     ...";
        i += 15;
        continue;
      }
      skipped = false;
      const std::string offset = std::to_string(i);
      text += (i == 0 ? "" : "\n") + std::string(4 - offset.size(), ' ') + offset + " ";
    }
    text += i % 8 == 0 ? "  " : " ";
    text += digits[static_cast<unsigned char>(bytes[i]) >> 4U];
    text += digits[static_cast<unsigned char>(bytes[i]) & 15U];
  }
  return text;
}

// The worked example of docs/formats/journal.md.
TEST(Journal, BytesAreThoseOfTheGoldenFile) {
  MemoryDisk disk(1);
  Opened opened = Journal::open(disk, config_of(2048)).value();
  golden::run(TESTDATA "/bytes.txt", [&](const golden::Case& c) {
    raft::Effects effects = step(std::stoull(c.arguments.at("step")));
    if (c.command == "vote") {
      effects.save = {raft::Term(1), raft::NodeId{2}};
      effects.append = {entry(1, 1, std::nullopt), entry(1, 2, "set")};
    } else {
      effects.save = {raft::Term(2), std::nullopt};
      effects.truncate_from = raft::LogIndex(2);
      effects.append = {entry(2, 2, "")};
    }
    opened.journal.append(effects);
    EXPECT_TRUE(opened.journal.sync().ok());
    std::string text;
    const std::vector<std::string> names = disk.list().value();
    for (const std::string& name : names) {
      const std::string bytes = disk.bytes(name);
      text +=
          (text.empty() ? "" : "\n") + name + (bytes.empty() ? " is empty" : '\n' + dump(bytes));
    }
    return text;
  });
}

TEST(Journal, ABatchOfManyStepsIsOneWriteAndOneSync) {
  MemoryDisk disk(1);
  Opened opened = Journal::open(disk, config_of(1U << 20U)).value();
  const std::uint64_t calls = disk.calls();
  const std::uint64_t syncs = disk.syncs();
  for (std::uint64_t i = 1; i <= 10; ++i) opened.journal.append(append(i, i, "x"));
  EXPECT_EQ(disk.calls(), calls);
  EXPECT_GT(opened.journal.pending_bytes(), 0U);
  EXPECT_EQ(opened.journal.sync().value().step(), raft::StepNumber(10));
  EXPECT_EQ(disk.calls(), calls + 2);
  EXPECT_EQ(disk.syncs(), syncs + 1);
  EXPECT_EQ(opened.journal.pending_bytes(), 0U);
}

TEST(Journal, AnEmptyBatchTouchesNoDisk) {
  MemoryDisk disk(1);
  Opened opened = Journal::open(disk, config_of(3000)).value();
  const std::uint64_t calls = disk.calls();
  opened.journal.append(step(0));
  EXPECT_EQ(opened.journal.sync().value().step(), raft::StepNumber(0));
  EXPECT_EQ(disk.calls(), calls);
}

TEST(Journal, AnEmptyDirectoryIsAnEmptyLog) {
  MemoryDisk disk(1);
  const Opened opened = Journal::open(disk, config_of(3000)).value();
  EXPECT_EQ(opened.hard_state, raft::HardState{});
  EXPECT_TRUE(opened.entries.empty());
  EXPECT_EQ(disk.list().value(), std::vector<std::string>{"0000000000000001.journal"});
}

TEST(Journal, SegmentsAreBoundedButAFrameIsNotSplit) {
  MemoryDisk disk(1);
  Opened opened = Journal::open(disk, config_of(1000)).value();
  for (std::uint64_t i = 1; i <= 50; ++i) {
    opened.journal.append(append(i, i, std::string(i == 20 ? 5000U : 50U, 'x')));
    ASSERT_TRUE(opened.journal.sync().ok());
  }
  std::size_t large = 0;
  const std::vector<std::string> names = disk.list().value();
  for (const std::string& name : names) {
    // What fills a segment may be as long as a frame is.
    large += disk.bytes(name).size() > 1000 + 1024 ? 1U : 0U;
  }
  EXPECT_EQ(large, 1U);
  EXPECT_EQ(Journal::open(disk, config_of(1000)).value().entries.size(), 50U);
}

TEST(Journal, StepsCountFromTheBeginningAgainAfterOpening) {
  MemoryDisk disk(1);
  {
    Opened opened = Journal::open(disk, config_of(3000)).value();
    opened.journal.append(append(100, 1, "x"));
    ASSERT_TRUE(opened.journal.sync().ok());
  }
  Opened opened = Journal::open(disk, config_of(3000)).value();
  opened.journal.append(append(1, 2, "y"));
  EXPECT_EQ(opened.journal.sync().value().step(), raft::StepNumber(1));
}

TEST(Journal, ADeadJournalStaysDead) {
  MemoryDisk disk(1);
  Opened opened = Journal::open(disk, config_of(3000)).value();
  opened.journal.append(append(1, 1, "x"));
  disk.plan(Fault::Error, 2);  // The sync.
  EXPECT_EQ(opened.journal.sync().error().message,
            "0000000000000001.journal: sync: injected error");
  const std::uint64_t calls = disk.calls();
  opened.journal.append(append(2, 2, "y"));
  EXPECT_EQ(opened.journal.sync().error().message,
            "0000000000000001.journal: sync: injected error");
  EXPECT_EQ(disk.calls(), calls);
}

TEST(Journal, AGapIsABug) {
  MemoryDisk disk(1);
  Opened opened = Journal::open(disk, config_of(3000)).value();
  EXPECT_DEATH(opened.journal.append(append(1, 2, "x")), "CHECK failed");
}

TEST(Journal, AnUnknownVersionIsRefusedAsSuch) {
  MemoryDisk disk(1);
  {
    Opened opened = Journal::open(disk, config_of(3000)).value();
    opened.journal.append(append(1, 1, "x"));
    ASSERT_TRUE(opened.journal.sync().ok());
  }
  std::string bytes = disk.bytes("0000000000000001.journal");
  base::ByteWriter writer(bytes);
  writer.set_u32(12, 3);
  writer.set_u32(8, base::crc32c(std::string_view(bytes).substr(12, 500)));
  disk.set_bytes("0000000000000001.journal", bytes);
  const auto opened = Journal::open(disk, config_of(3000));
  EXPECT_EQ(opened.error().code, base::ErrorCode::InvalidArgument);
  EXPECT_EQ(opened.error().message,
            "0000000000000001.journal: version 3 of the format is not known here");
}

// Ten entries in segments of one frame.
Opened ten_entries(MemoryDisk& disk) {
  Opened opened = Journal::open(disk, config_of(512)).value();
  for (std::uint64_t i = 1; i <= 10; ++i) {
    opened.journal.append(append(i, i, "x"));
    EXPECT_TRUE(opened.journal.sync().ok());
  }
  return opened;
}

TEST(Compaction, DropsWholeSegmentsFromTheFirstOn) {
  MemoryDisk disk(1);
  Opened opened = ten_entries(disk);
  opened.journal.drop_through(raft::LogIndex(4));
  while (opened.journal.tend().value()) {
  }
  const std::vector<std::string> names = disk.list().value();
  EXPECT_EQ(*std::ranges::find_if(names, is_segment_name), "0000000000000005.journal");
  opened = Journal::open(disk, config_of(512), id(1, 4)).value();
  EXPECT_EQ(opened.base, id(1, 4));
  EXPECT_EQ(opened.entries.size(), 6U);
}

TEST(Compaction, KeepsWhatTellsTermAndVote) {
  MemoryDisk disk(1);
  Opened opened = ten_entries(disk);
  opened.journal.drop_through(raft::LogIndex(10));
  while (opened.journal.tend().value()) {
  }
  opened = Journal::open(disk, config_of(512), id(1, 10)).value();
  EXPECT_EQ(opened.base, id(1, 9));
  EXPECT_EQ(opened.entries.size(), 1U);
}

TEST(Opening, BeginsAnewAfterASnapshotThatTheLogDoesNotReach) {
  MemoryDisk disk(1);
  {
    Opened opened = ten_entries(disk);
    raft::Effects later = step(11);
    later.save = raft::HardState{raft::Term(3), std::nullopt};
    opened.journal.append(later);
    ASSERT_TRUE(opened.journal.sync().ok());
  }
  Opened opened = Journal::open(disk, config_of(512), id(3, 20)).value();
  EXPECT_TRUE(opened.findings.empty());
  EXPECT_EQ(opened.base, id(3, 20));
  EXPECT_TRUE(opened.entries.empty());
  EXPECT_EQ(opened.floor, raft::EntryId{});
  opened.journal.append(append(1, 21, "y"));
  ASSERT_TRUE(opened.journal.sync().ok());
  opened = Journal::open(disk, config_of(512), id(3, 20)).value();
  EXPECT_EQ(opened.base, id(3, 20));
  EXPECT_EQ(opened.entries.size(), 1U);
}

TEST(Opening, RefusesALogOfTheOtherKind) {
  for (const Kind kind : {Kind::Segments, Kind::Mapped}) {
    MemoryDisk disk(1);
    Config config = config_of(3000);
    config.kind = kind;
    { ASSERT_TRUE(Journal::open(disk, config).ok()); }
    config.kind = kind == Kind::Mapped ? Kind::Segments : Kind::Mapped;
    EXPECT_EQ(Journal::open(disk, config).error().code, base::ErrorCode::InvalidArgument);
  }
}

TEST(Opening, KeepsALogThatReachesBeyondTheSnapshot) {
  MemoryDisk disk(1);
  { const Opened opened = ten_entries(disk); }
  const Opened opened = Journal::open(disk, config_of(512), id(1, 6)).value();
  EXPECT_EQ(opened.base, id(0, 0));
  EXPECT_EQ(opened.entries.size(), 10U);
}

// The snapshot was damaged, or lost: what the log still has is of no use without it.
TEST(Opening, WithoutASnapshotThatReachesToTheLogAsksForAllOfItAgain) {
  MemoryDisk disk(1);
  {
    Opened opened = ten_entries(disk);
    opened.journal.drop_through(raft::LogIndex(6));
    while (opened.journal.tend().value()) {
    }
  }
  for (int times = 0; times < 2; ++times) {
    const Opened opened = Journal::open(disk, config_of(512)).value();
    EXPECT_EQ(opened.base, raft::EntryId{});
    EXPECT_TRUE(opened.entries.empty());
    EXPECT_EQ(opened.floor, id(1, 10));
    EXPECT_EQ(opened.findings.size(), times == 0 ? 1U : 0U);
    if (times == 0) {
      EXPECT_EQ(opened.findings.front().sentence(),
                "entries up to 6 are missing: no good snapshot holds them");
    }
    disk.crash(io::testing::Survival::Nothing);
  }
}

// The term of a snapshot was durable in the log before the snapshot had its name.
void expect_lost_end(MemoryDisk& disk, const Config& config, const std::string& sentence) {
  for (int times = 0; times < 3; ++times) {
    const Opened opened = Journal::open(disk, config, id(3, 20)).value();
    EXPECT_EQ(opened.floor, kUnknownFloor) << times;
    ASSERT_EQ(opened.findings.size(), 1U) << times;
    EXPECT_EQ(opened.findings.front().sentence(), sentence) << times;
    EXPECT_EQ(opened.base, id(3, 20));
    disk.crash(io::testing::Survival::Nothing);
  }
  // The snapshot is gone, too: what was found once stays so.
  const Opened opened = Journal::open(disk, config).value();
  EXPECT_EQ(opened.floor, kUnknownFloor);
  EXPECT_FALSE(opened.findings.empty());
}

TEST(Opening, MissesALogBesideASnapshot) {
  for (const Kind kind : {Kind::Segments, Kind::Mapped}) {
    Config config = config_of(4096);
    config.kind = kind;
    MemoryDisk missing(1);
    const std::string sentence = "the log is missing, though there is the snapshot up to entry 20";
    expect_lost_end(missing, config, sentence);
    MemoryDisk fresh(1);
    { ASSERT_TRUE(Journal::open(fresh, config).ok()); }
    expect_lost_end(fresh, config, sentence);
  }
}

TEST(Opening, MissesTheEndOfALogThatIsOlderThanItsSnapshot) {
  for (const Kind kind : {Kind::Segments, Kind::Mapped}) {
    Config config = config_of(4096);
    config.kind = kind;
    MemoryDisk disk(1);
    {
      Opened opened = Journal::open(disk, config).value();
      for (std::uint64_t i = 1; i <= 30; ++i) {
        opened.journal.append(append(i, i, "x"));
        ASSERT_TRUE(opened.journal.sync().ok());
      }
    }
    expect_lost_end(disk, config,
                    "the end of the log is missing: it ends in term 1, and the snapshot up to "
                    "entry 20 is of term 3");
  }
}

TEST(Opening, TellsOfAnUnknownFloorEachTime) {
  MemoryDisk disk(1);
  { const Opened opened = ten_entries(disk); }
  const std::vector<std::string> names = disk.list().value();
  for (const std::string& name : names) {
    disk.set_bytes(name, std::string(disk.bytes(name).size(), '?'));
  }
  for (int times = 0; times < 3; ++times) {
    const Opened opened = Journal::open(disk, config_of(512)).value();
    EXPECT_EQ(opened.floor, kUnknownFloor) << times;
    ASSERT_FALSE(opened.findings.empty()) << times;
    if (times > 0) {
      EXPECT_EQ(opened.findings.front().sentence(),
                "the end of the log was lost, as was found before");
    }
  }
}

TEST(Journal, ALogOfTheOtherKindIsNotPassedOver) {
  for (const Kind kind : {Kind::Segments, Kind::Mapped}) {
    io::testing::MemoryDisk disk(1);
    Config config = config_of(4096);
    config.kind = kind;
    ASSERT_TRUE(Journal::open(disk, config).ok());
    config.kind = kind == Kind::Mapped ? Kind::Segments : Kind::Mapped;
    const auto opened = Journal::open(disk, config);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, base::ErrorCode::InvalidArgument);
    config.kind = kind;
    EXPECT_TRUE(Journal::open(disk, config).ok());
  }
}

// Records that a bug of ours could have written, with good checksums.
TEST(Records, ThatMakeNoLogAreRefused) {
  const auto complaint = [](const std::string& body) {
    Replay replay;
    replay.hard_state.term = raft::Term(5);
    return play(body, 1000, replay).error().message;
  };
  const std::string zeros(40, '\0');
  EXPECT_EQ(complaint("\x09"), "record: unknown record at byte 1000");
  EXPECT_EQ(complaint("\x01\x04" + zeros.substr(0, 12)), "record: the term goes back at byte 1001");
  EXPECT_EQ(complaint("\x02\x02" + zeros.substr(0, 15)),
            "record: a truncation is outside of the log at byte 1001");
  EXPECT_EQ(complaint("\x02" + zeros.substr(0, 16)),
            "record: a truncation is outside of the log at byte 1001");
  EXPECT_EQ(complaint("\x03" + zeros.substr(0, 8) + "\x02" + zeros.substr(0, 12)),
            "record: an entry does not follow the last one at byte 1001");
  EXPECT_EQ(complaint("\x03" + zeros.substr(0, 8) + "\x01" + zeros.substr(0, 7) + "\x09" +
                      zeros.substr(0, 4)),
            "record: unknown kind of entry at byte 1017");
  EXPECT_EQ(complaint("\x03"), "record: ends too early at byte 1001");
}

}  // namespace
}  // namespace journal
