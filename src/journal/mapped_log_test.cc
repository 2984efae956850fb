// SPDX-License-Identifier: Apache-2.0
// A mapped file that is shorter than it was, or none of ours, is never taken for a new one.
#include "journal/mapped_log.h"

#include <gtest/gtest.h>

#include <string>

#include "io/testing/memory_disk.h"

namespace journal {
namespace {

using io::testing::Fault;
using io::testing::MemoryDisk;
using io::testing::Survival;

constexpr std::uint64_t kBegin = 4096;  // Of the batches.

Config ours() {
  Config config;
  config.cluster = 7;
  config.node = {1};
  config.prepare_bytes = 1024;
  return config;
}

base::Result<Recovered> recover(MemoryDisk& disk) { return MappedLog(disk, ours()).recover(); }

// One with a vote and some entries.
std::string used_log(raft::HardState& state, raft::EntryId& last) {
  MemoryDisk disk(1);
  MappedLog log(disk, ours());
  EXPECT_TRUE(log.recover().ok());
  state = {raft::Term(5), raft::NodeId{2}};
  for (std::uint64_t i = 1; i <= 6; ++i) {
    const raft::Entry entry{{raft::Term(5), raft::LogIndex(i)}, raft::EntryKind::Noop, nullptr};
    Change change;
    change.save = state;
    change.append = std::span(&entry, 1);
    log.append(change);
    EXPECT_TRUE(log.sync().ok());
    last = entry.id;
  }
  return disk.bytes(MappedLog::kName);
}

void put(MemoryDisk& disk, const std::string& bytes) {
  ASSERT_TRUE(disk.create(MappedLog::kName).ok());
  ASSERT_TRUE(disk.sync_directory().ok());
  disk.set_bytes(MappedLog::kName, bytes);
}

// Of term and vote, and of the entries, nothing is lost without a word.
void expect_told(const Recovered& found, const raft::HardState& state, raft::EntryId last,
                 std::uint64_t size) {
  if (found.floor == kUnknownFloor) return;
  EXPECT_EQ(found.hard_state.term, state.term) << size;
  EXPECT_EQ(found.hard_state.vote, state.vote) << size;
  EXPECT_TRUE(found.last() == last || found.floor == last) << size;
}

TEST(MappedLog, CutOffAtAnyByteIsNotTakenForANewOne) {
  raft::HardState state;
  raft::EntryId last;
  const std::string whole = used_log(state, last);
  const std::size_t end = whole.find_last_not_of('\0') + 1;
  ASSERT_GT(end, kBegin);
  std::uint64_t known = 0;
  for (std::size_t size = 1; size < end; ++size) {
    MemoryDisk disk(size);
    put(disk, whole.substr(0, size));
    const base::Result<Recovered> found = recover(disk);
    ASSERT_EQ(found.ok(), size >= 8) << size;  // Less could be anything.
    if (!found.ok()) continue;
    ASSERT_FALSE(found.value().findings.empty()) << size;
    expect_told(found.value(), state, last, size);
    known += found.value().floor == last ? 1U : 0U;
    disk.crash(Survival::Nothing);
    const Recovered again = recover(disk).value();
    ASSERT_EQ(again.floor, found.value().floor) << size;
    ASSERT_EQ(again.hard_state, found.value().hard_state) << size;
    ASSERT_TRUE(again.findings.empty()) << size;
    if (HasFailure()) return;
  }
  EXPECT_GE(known, end - 2048);  // From where all four slots are there.
}

// What its recovery wrote before the power went makes it no better.
TEST(MappedLog, CutOffStaysSoWhenThePowerGoesWhileItIsRecovered) {
  raft::HardState state;
  raft::EntryId last;
  const std::string whole = used_log(state, last);
  for (const std::size_t size : {8U, 300U, 600U, 1030U, 1100U, 1300U, 1600U, 2048U, 3000U, 4100U}) {
    for (std::uint64_t call = 1, done = 0; done == 0; ++call) {
      for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        MemoryDisk disk(seed);
        put(disk, whole.substr(0, size));
        disk.plan(Fault::PowerCut, call);
        done += recover(disk).ok() ? 1U : 0U;
        disk.crash(Survival::Random);
        const base::Result<Recovered> found = recover(disk);
        ASSERT_TRUE(found.ok()) << size << ": " << found.error().message;
        expect_told(found.value(), state, last, size);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(MappedLog, WhoseCreationAPowerCutBrokeOffIsANewOne) {
  for (const std::size_t size : {0U, 1U, 512U, 2048U, 4095U, 4096U}) {
    MemoryDisk disk(size);
    put(disk, std::string(size, '\0'));
    const Recovered found = recover(disk).value();
    EXPECT_TRUE(found.findings.empty()) << size;
    EXPECT_EQ(found.floor, raft::EntryId{}) << size;
  }
  for (std::uint64_t call = 1, done = 0; done == 0; ++call) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      MemoryDisk disk(seed);
      disk.plan(Fault::PowerCut, call);
      done += recover(disk).ok() ? 1U : 0U;
      disk.crash(Survival::Random);
      disk.plan(Fault::PowerCut, 1 + seed % 9);
      (void)recover(disk);
      disk.crash(Survival::Random);
      const base::Result<Recovered> found = recover(disk);
      ASSERT_TRUE(found.ok()) << call << ": " << found.error().message;
      EXPECT_TRUE(found.value().findings.empty()) << call << " seed " << seed;
      EXPECT_EQ(found.value().floor, raft::EntryId{}) << call << " seed " << seed;
    }
  }
}

// Nothing was promised yet, so nothing that is damaged is missed.
TEST(MappedLog, WhoseCreationAPowerCutBrokeOffIsANewOneAlsoIfABitTurned) {
  std::uint64_t named = 0;
  for (std::uint64_t call = 1, done = 0; done == 0; ++call) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      MemoryDisk disk(seed);
      disk.plan(Fault::PowerCut, call);
      done += recover(disk).ok() ? 1U : 0U;
      disk.crash(Survival::Random);
      if (disk.list().value().empty()) continue;
      const std::string bytes = disk.bytes(MappedLog::kName);
      for (std::size_t at = 0; at < bytes.size(); at += 1 + at % 512 / 48) {
        std::string bad = bytes;
        bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
        disk.set_bytes(MappedLog::kName, bad);
        const base::Result<Recovered> found = recover(disk);
        ASSERT_TRUE(found.ok()) << call << " byte " << at << ": " << found.error().message;
        EXPECT_EQ(found.value().floor, raft::EntryId{}) << call << " byte " << at;
        named += found.value().findings.size();
      }
    }
  }
  EXPECT_GT(named, 100U);
}

TEST(MappedLog, AFileOfSomethingElseIsRefusedAndStaysAsItIs) {
  std::string late(10'000, '\0');
  late[3'000] = 'x';
  const std::string texts[] = {"x",
                               std::string(511, 'x'),
                               std::string(3'000, 'x'),
                               std::string(4'096, 'x'),
                               std::string(100'000, 'x'),
                               late.substr(0, 3'500),
                               late};
  for (const std::string& text : texts) {
    MemoryDisk disk(1);
    put(disk, text);
    const base::Result<Recovered> found = recover(disk);
    ASSERT_FALSE(found.ok()) << text.size();
    EXPECT_EQ(found.error().code, base::ErrorCode::InvalidArgument) << text.size();
    EXPECT_EQ(found.error().message, "log.mapped: no mapped log, or all its slots are damaged");
    EXPECT_TRUE(disk.bytes(MappedLog::kName) == text) << text.size();
  }
}

}  // namespace
}  // namespace journal
