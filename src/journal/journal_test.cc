// SPDX-License-Identifier: Apache-2.0
#include "journal/journal.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "golden/golden.h"
#include "io/testing/memory_disk.h"
#include "journal/layout.h"
#include "journal/record.h"
#include "journal/workload_test.h"

namespace journal {
namespace {

using io::testing::Fault;
using io::testing::MemoryDisk;

raft::Effects step(std::uint64_t number) {
  raft::Effects effects;
  effects.step = raft::StepNumber(number);
  return effects;
}

raft::Effects append(std::uint64_t number, std::uint64_t index, const std::string& payload) {
  raft::Effects effects = step(number);
  effects.append = {entry(1, index, payload)};
  return effects;
}

// Eight bytes a group, two groups a line, with the offset in front.
std::string dump(const std::string& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % 16 == 0) {
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
  Opened opened = Journal::open(disk, {7, {1}, 256}).value();
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
      text += (text.empty() ? "" : "\n") + name + '\n' + dump(disk.bytes(name));
    }
    return text;
  });
}

TEST(Journal, ABatchOfManyStepsIsOneWriteAndOneSync) {
  MemoryDisk disk(1);
  Opened opened = Journal::open(disk, {7, {1}, 1U << 20U}).value();
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
  Opened opened = Journal::open(disk, small_config()).value();
  const std::uint64_t calls = disk.calls();
  opened.journal.append(step(0));
  EXPECT_EQ(opened.journal.sync().value().step(), raft::StepNumber(0));
  EXPECT_EQ(disk.calls(), calls);
}

TEST(Journal, AnEmptyDirectoryIsAnEmptyLog) {
  MemoryDisk disk(1);
  const Opened opened = Journal::open(disk, small_config()).value();
  EXPECT_EQ(opened.hard_state, raft::HardState{});
  EXPECT_TRUE(opened.entries.empty());
  EXPECT_EQ(disk.list().value(), std::vector<std::string>{"0000000000000001.journal"});
}

TEST(Journal, SegmentsAreBoundedButAFrameIsNotSplit) {
  MemoryDisk disk(1);
  Opened opened = Journal::open(disk, {7, {1}, 1000}).value();
  for (std::uint64_t i = 1; i <= 50; ++i) {
    opened.journal.append(append(i, i, std::string(i == 20 ? 5000U : 50U, 'x')));
    ASSERT_TRUE(opened.journal.sync().ok());
  }
  std::size_t large = 0;
  const std::vector<std::string> names = disk.list().value();
  for (const std::string& name : names) {
    // The seal comes on top.
    large += disk.bytes(name).size() > 1000 + 64 ? 1U : 0U;
  }
  EXPECT_EQ(large, 1U);
  EXPECT_EQ(Journal::open(disk, {7, {1}, 1000}).value().entries.size(), 50U);
}

TEST(Journal, StepsCountFromTheBeginningAgainAfterOpening) {
  MemoryDisk disk(1);
  {
    Opened opened = Journal::open(disk, small_config()).value();
    opened.journal.append(append(100, 1, "x"));
    ASSERT_TRUE(opened.journal.sync().ok());
  }
  Opened opened = Journal::open(disk, small_config()).value();
  opened.journal.append(append(1, 2, "y"));
  EXPECT_EQ(opened.journal.sync().value().step(), raft::StepNumber(1));
}

TEST(Journal, ADeadJournalStaysDead) {
  MemoryDisk disk(1);
  Opened opened = Journal::open(disk, small_config()).value();
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
  Opened opened = Journal::open(disk, small_config()).value();
  EXPECT_DEATH(opened.journal.append(append(1, 2, "x")), "CHECK failed");
}

TEST(Journal, AnUnknownVersionIsRefusedAsSuch) {
  MemoryDisk disk(1);
  { const Opened opened = Journal::open(disk, small_config()).value(); }
  std::string bytes = disk.bytes("0000000000000001.journal");
  base::ByteWriter writer(bytes);
  writer.set_u32(12, 2);
  writer.set_u32(8, base::crc32c(std::string_view(bytes).substr(12)));
  disk.set_bytes("0000000000000001.journal", bytes);
  const auto opened = Journal::open(disk, small_config());
  EXPECT_EQ(opened.error().code, base::ErrorCode::InvalidArgument);
  EXPECT_EQ(opened.error().message,
            "0000000000000001.journal: version 2 of the format is not known here at byte 0");
}

// Records that a bug of ours could have written, with good checksums.
TEST(Records, ThatMakeNoLogAreRefused) {
  const auto complaint = [](const std::string& body) {
    Replay replay;
    replay.hard_state.term = raft::Term(5);
    return play(body, 1000, replay).error().message;
  };
  const std::string zeros(40, '\0');
  EXPECT_EQ(complaint("\x07"), "record: unknown record at byte 1000");
  EXPECT_EQ(complaint("\x01\x04" + zeros.substr(0, 12)), "record: the term goes back at byte 1001");
  EXPECT_EQ(complaint("\x02\x02" + zeros.substr(0, 7)),
            "record: a truncation is outside of the log at byte 1001");
  EXPECT_EQ(complaint("\x02" + zeros.substr(0, 8)),
            "record: a truncation is outside of the log at byte 1001");
  EXPECT_EQ(complaint("\x03" + zeros.substr(0, 8) + "\x02" + zeros.substr(0, 12)),
            "record: an entry does not follow the last one at byte 1001");
  EXPECT_EQ(complaint("\x03" + zeros.substr(0, 8) + "\x01" + zeros.substr(0, 7) + "\x09" +
                      zeros.substr(0, 4)),
            "record: unknown kind of entry at byte 1017");
  EXPECT_EQ(complaint("\x03"), "record: ends too early at byte 1001");
  EXPECT_EQ(complaint("\x04x"), "record: bytes are left over at byte 1001");
}

}  // namespace
}  // namespace journal
