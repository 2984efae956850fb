// SPDX-License-Identifier: Apache-2.0
#include "journal/snapshots.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/prng.h"
#include "io/testing/memory_disk.h"

namespace journal {
namespace {

using io::testing::Fault;
using io::testing::MemoryDisk;
using io::testing::Survival;

constexpr std::uint64_t kCluster = 7;

raft::EntryId id(std::uint64_t term, std::uint64_t index) {
  return {raft::Term(term), raft::LogIndex(index)};
}

std::string noise(std::uint64_t seed, std::size_t size) {
  base::Prng prng(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(prng.between(0, 255));
  return bytes;
}

// Asks until it is true.
template <class Ask>
base::Status insist(Ask ask) {
  while (true) {
    TRY(const bool over, ask());
    if (over) return base::Done{};
  }
}

base::Status write(SnapshotStore& store, const SnapshotMeta& meta, const std::string& data) {
  TRY(SnapshotWriter writer, store.begin(meta));
  for (std::size_t at = 0; at < data.size(); at += 10'007) {
    TRY([[maybe_unused]] const base::Done added,
        writer.add(std::string_view(data).substr(at, 10'007)));
    TRY([[maybe_unused]] const base::Done settled, insist([&] { return writer.settle(); }));
  }
  return insist([&] { return writer.advance(store); });
}

base::Result<std::string> read(const SnapshotStore& store, raft::EntryId last) {
  TRY(SnapshotReader reader, store.read(last));
  std::string data;
  for (;;) {
    TRY(const std::optional<std::string> piece, reader.next_piece());
    if (!piece) return data;
    data += *piece;
  }
}

std::string raw(const SnapshotStore& store, raft::EntryId last) {
  const SnapshotReader reader = store.read(last).value();
  return reader.read_raw(0, reader.size_bytes()).value();
}

// With all of what is here.
SnapshotStage resumed(SnapshotStore& store, raft::EntryId last) {
  SnapshotStage stage = store.stage(last).value();
  while (stage.is_resuming()) EXPECT_TRUE(stage.resume().ok());
  return stage;
}

SnapshotStore open(MemoryDisk& disk) { return SnapshotStore::open(disk, kCluster).value(); }

// After a sync that failed the cache has what the disk does not (hazard F16).
TEST(Snapshots, WhatWasStagedBeforeAFailedSyncIsWrittenAgain) {
  MemoryDisk from(1);
  const std::string data = noise(3, 300'000);
  SnapshotStore source = open(from);
  ASSERT_TRUE(write(source, {id(1, 5), "members"}, data).ok());
  const std::string bytes = raw(source, id(1, 5));
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    MemoryDisk disk(seed);
    SnapshotStore store = open(disk);
    SnapshotStage first = store.stage(id(1, 5)).value();
    ASSERT_TRUE(first.append(bytes).ok());
    disk.plan(io::testing::Fault::Error, 1);
    EXPECT_EQ(first.finish(store).error().code, base::ErrorCode::Io);
    SnapshotStage second = resumed(store, id(1, 5));
    EXPECT_GT(second.size_bytes(), data.size());
    ASSERT_TRUE(second.append(bytes.substr(second.size_bytes())).ok());
    ASSERT_TRUE(second.finish(store).ok());
    disk.crash(Survival::Nothing);
    const SnapshotStore after = open(disk);
    ASSERT_TRUE(after.findings().empty()) << seed << ": " << after.findings().front().sentence();
    EXPECT_EQ(read(after, id(1, 5)).value(), data) << seed;
  }
}

TEST(Snapshots, ComeBackAsTheyWereWritten) {
  for (const std::size_t size : {0U, 1U, 131'072U, 400'000U}) {
    MemoryDisk disk(1);
    const std::string data = noise(size, size);
    {
      SnapshotStore store = open(disk);
      EXPECT_FALSE(store.newest());
      ASSERT_TRUE(write(store, {id(2, 9), "members"}, data).ok());
      EXPECT_EQ(store.newest()->last, id(2, 9));
    }
    disk.crash(Survival::Nothing);
    const SnapshotStore store = open(disk);
    ASSERT_TRUE(store.newest());
    EXPECT_EQ(store.newest()->last, id(2, 9));
    EXPECT_EQ(store.newest()->configuration, "members");
    EXPECT_TRUE(read(store, id(2, 9)).value() == data);
  }
}

TEST(Snapshots, AreTheSameBytesWhoeverWritesThem) {
  MemoryDisk one(1);
  MemoryDisk two(2);
  SnapshotStore first = open(one);
  SnapshotStore second = open(two);
  const std::string data = noise(1, 300'000);
  ASSERT_TRUE(write(first, {id(1, 5), "m"}, data).ok());
  SnapshotWriter writer = second.begin({id(1, 5), "m"}).value();
  ASSERT_TRUE(writer.add(data).ok());
  ASSERT_TRUE(writer.finish(second).ok());
  EXPECT_TRUE(raw(first, id(1, 5)) == raw(second, id(1, 5)));
}

TEST(Snapshots, AreNotThereBeforeALateDiskHasThemDurably) {
  MemoryDisk disk(1);
  disk.be_late(2);
  SnapshotStore store = open(disk);
  SnapshotWriter writer = store.begin({id(1, 5), "m"}).value();
  ASSERT_TRUE(writer.add(noise(1, 1'200'000)).ok());
  EXPECT_TRUE(writer.settle().value());  // A sync has begun; there is room for more.
  ASSERT_TRUE(writer.add(noise(2, 10'000'000)).ok());
  EXPECT_FALSE(writer.settle().value());
  ASSERT_TRUE(insist([&] { return writer.settle(); }).ok());
  int late = 0;
  for (; !writer.advance(store).value(); ++late) EXPECT_FALSE(store.newest());
  EXPECT_GE(late, 4);  // Two for its bytes, and for its name.
  EXPECT_EQ(store.newest()->last, id(1, 5));
  disk.crash(Survival::Nothing);
  EXPECT_EQ(open(disk).newest()->last, id(1, 5));
}

TEST(Snapshots, APowerCutAtAnyCallLeavesTheOldOneOrTheNewOne) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (const Fault fault : {Fault::PowerCut, Fault::Error}) {
      for (std::uint64_t call = 1;; ++call) {
        MemoryDisk disk(seed);
        SnapshotStore store = open(disk);
        const std::string old = noise(1, 5'000);
        const std::string young = noise(2, 2'500'000);
        ASSERT_TRUE(write(store, {id(1, 5), "m"}, old).ok());
        disk.plan(fault, call);
        const bool done =
            write(store, {id(1, 9), "m"}, young).ok() && store.remove_before(id(1, 9)).ok();
        disk.unplan();
        if (done) break;
        disk.crash(Survival::Random);
        SnapshotStore again = open(disk);
        ASSERT_TRUE(again.newest()) << "seed " << seed << " call " << call;
        ASSERT_TRUE(again.findings().empty()) << again.findings().front().sentence();
        ASSERT_TRUE(read(again, again.newest()->last).value() ==
                    (again.newest()->last == id(1, 9) ? young : old));
      }
    }
  }
}

TEST(Snapshots, AreSentInPiecesAndGoOnAfterARestart) {
  MemoryDisk leader(1);
  SnapshotStore source = open(leader);
  const std::string data = noise(3, 5'000'000);
  ASSERT_TRUE(write(source, {id(4, 44), "members"}, data).ok());
  const SnapshotReader reader = source.read(id(4, 44)).value();

  MemoryDisk follower(2);
  std::uint64_t restarts = 0;
  std::uint64_t kept = 0;
  for (base::Prng prng(6);;) {
    SnapshotStore target = open(follower);
    SnapshotStage stage = resumed(target, id(4, 44));
    kept += stage.size_bytes();
    while (stage.size_bytes() < reader.size_bytes() && prng.between(0, 60) != 0) {
      const std::string piece =
          reader.read_raw(stage.size_bytes(), prng.between(1, 90'000)).value();
      ASSERT_TRUE(stage.append(piece).ok());
    }
    if (stage.size_bytes() == reader.size_bytes()) {
      EXPECT_EQ(stage.finish(target).value().configuration, "members");
      EXPECT_EQ(target.newest()->last, id(4, 44));
      break;
    }
    restarts += 1;
    follower.crash(Survival::Random);
  }
  EXPECT_GT(restarts, 0U);
  EXPECT_GT(kept, 0U);
  follower.crash(Survival::Nothing);
  EXPECT_TRUE(read(open(follower), id(4, 44)).value() == data);
}

// A server that verifies hundreds of megabytes at once is silent for so long that others take over.
TEST(Snapshots, OfALongOneLittleIsVerifiedAtOnce) {
  MemoryDisk leader(1);
  SnapshotStore source = open(leader);
  ASSERT_TRUE(write(source, {id(4, 44), "members"}, noise(3, 12'000'000)).ok());
  const std::string good = raw(source, id(4, 44));
  constexpr std::uint64_t kFew = 60;  // Calls to the disk; to read all of it takes 190.
  constexpr std::size_t kPiece = 100'000;
  MemoryDisk follower(2);
  const auto fill = [&](SnapshotStage& stage, const std::string& bytes, std::size_t end) {
    while (stage.size_bytes() < end) {
      const std::uint64_t before = follower.calls();
      const std::size_t size = std::min(kPiece, end - stage.size_bytes());
      EXPECT_TRUE(stage.append(std::string_view(bytes).substr(stage.size_bytes(), size)).ok());
      EXPECT_LT(follower.calls() - before, kFew);
    }
  };
  for (const std::size_t damaged : {std::size_t{0}, std::size_t{5'000'000}}) {
    SnapshotStore target = open(follower);
    std::string bytes = good;
    if (damaged != 0) bytes[damaged] = static_cast<char>(bytes[damaged] ^ 1);
    SnapshotStage stage = target.stage(id(4, 44)).value();
    fill(stage, bytes, bytes.size());
    const std::uint64_t before = follower.calls();
    EXPECT_EQ(stage.finish(target).ok(), damaged == 0);
    EXPECT_LT(follower.calls() - before, kFew);
    ASSERT_TRUE(follower.list().value().size() == (damaged == 0 ? 1U : 0U));
    if (damaged == 0) {
      ASSERT_TRUE(follower.remove(follower.list().value().front()).ok());
    }
  }
  for (const std::size_t left : {std::size_t{2'000'000}, std::size_t{1}, std::size_t{0}}) {
    SnapshotStore target = open(follower);
    {
      SnapshotStage stage = target.stage(id(4, 44)).value();
      fill(stage, good, good.size() - left);
    }
    SnapshotStage stage = target.stage(id(4, 44)).value();
    EXPECT_TRUE(stage.is_resuming());
    while (stage.is_resuming()) {
      const std::uint64_t from = stage.size_bytes();
      ASSERT_TRUE(stage.resume().ok());
      EXPECT_LT(stage.size_bytes() - from, 10'000'000U);
    }
    EXPECT_GT(stage.size_bytes(), good.size() - left - 200'000);
    fill(stage, good, good.size());
    const std::uint64_t before = follower.calls();
    ASSERT_TRUE(stage.finish(target).ok()) << left;
    EXPECT_LT(follower.calls() - before, kFew);
    EXPECT_TRUE(raw(target, id(4, 44)) == good);
    ASSERT_TRUE(follower.remove(follower.list().value().front()).ok());
  }
}

TEST(Snapshots, WhatIsStagedWithAnErrorNeverGetsAName) {
  MemoryDisk disk(1);
  SnapshotStore store = open(disk);
  ASSERT_TRUE(write(store, {id(1, 5), "m"}, noise(1, 3'000)).ok());
  const std::string good = raw(store, id(1, 5));
  MemoryDisk other(2);
  for (std::size_t at = 0; at < good.size(); ++at) {
    SnapshotStore target = open(other);
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    SnapshotStage stage = target.stage(id(1, 5)).value();
    ASSERT_EQ(stage.size_bytes(), 0U);
    ASSERT_TRUE(stage.append(bad).ok());
    ASSERT_FALSE(stage.finish(target).ok()) << "byte " << at;
    ASSERT_FALSE(target.newest());
  }
}

TEST(Snapshots, ABitTurnedAnywhereIsNamedAndTheOneBeforeIsUsed) {
  MemoryDisk disk(1);
  SnapshotStore store = open(disk);
  ASSERT_TRUE(write(store, {id(1, 5), "m"}, noise(1, 100)).ok());
  ASSERT_TRUE(write(store, {id(2, 8), "members"}, noise(2, 3'000)).ok());
  const std::string name = snapshot_name(id(2, 8), kSnapshotSuffix);
  const std::string good = disk.bytes(name);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    disk.set_bytes(name, bad);
    SnapshotStore found = open(disk);
    ASSERT_EQ(found.findings().size(), 1U) << "byte " << at;
    ASSERT_EQ(found.findings().front().file, name);
    ASSERT_EQ(found.newest()->last, id(1, 5));
    ASSERT_FALSE(read(found, id(2, 8)).ok());
    ASSERT_EQ(found.damaged_through(), raft::LogIndex(8));
  }
  disk.set_bytes(name, good + "x");
  EXPECT_EQ(open(disk).findings().size(), 1U);
  for (std::size_t size = 0; size < good.size(); size += 101) {
    disk.set_bytes(name, good.substr(0, size));
    EXPECT_EQ(open(disk).findings().size(), 1U) << size;
  }
}

TEST(Snapshots, ADamagedOneGoesWhenThereIsOneThatGoesAsFar) {
  MemoryDisk disk(1);
  SnapshotStore store = open(disk);
  ASSERT_TRUE(write(store, {id(1, 5), "m"}, "a").ok());
  disk.set_bytes(snapshot_name(id(1, 5), kSnapshotSuffix), "");
  store = open(disk);
  EXPECT_EQ(store.damaged_through(), raft::LogIndex(5));
  ASSERT_TRUE(write(store, {id(1, 4), "m"}, "b").ok());
  ASSERT_TRUE(store.remove_before(id(1, 4)).ok());
  EXPECT_EQ(store.damaged_through(), raft::LogIndex(5));
  ASSERT_TRUE(write(store, {id(1, 5), "m"}, "c").ok());
  EXPECT_EQ(store.damaged_through(), std::nullopt);
  EXPECT_TRUE(open(disk).findings().empty());
}

TEST(Snapshots, ADamagedOneThatIsOlderOnlyHasToGo) {
  MemoryDisk disk(1);
  SnapshotStore store = open(disk);
  ASSERT_TRUE(write(store, {id(1, 5), "m"}, "a").ok());
  ASSERT_TRUE(write(store, {id(1, 6), "m"}, "b").ok());
  disk.set_bytes(snapshot_name(id(1, 5), kSnapshotSuffix), "");
  store = open(disk);
  EXPECT_EQ(store.findings().size(), 1U);
  EXPECT_EQ(store.damaged_through(), std::nullopt);
  ASSERT_TRUE(store.remove_before(id(1, 6)).ok());
  EXPECT_TRUE(store.findings().empty());
}

TEST(Snapshots, ChunksOfAnotherOneAreNoticed) {
  MemoryDisk disk(1);
  SnapshotStore store = open(disk);
  ASSERT_TRUE(write(store, {id(1, 5), "m"}, noise(1, 200'000)).ok());
  ASSERT_TRUE(write(store, {id(1, 6), "m"}, noise(2, 200'000)).ok());
  const std::string name = snapshot_name(id(1, 6), kSnapshotSuffix);
  std::string mixed = disk.bytes(name);
  mixed.replace(45, 131'088, raw(store, id(1, 5)).substr(45, 131'088));
  disk.set_bytes(name, mixed);
  EXPECT_EQ(open(disk).findings().front().sentence(),
            name + ": the snapshot is damaged at byte 45");
}

TEST(Snapshots, OlderOnesGoOnlyWhenThereIsANewerOne) {
  MemoryDisk disk(1);
  SnapshotStore store = open(disk);
  for (std::uint64_t index = 1; index <= 3; ++index) {
    ASSERT_TRUE(write(store, {id(1, index), "m"}, "x").ok());
  }
  ASSERT_TRUE(store.remove_before(id(1, 2)).ok());
  EXPECT_EQ(disk.list().value().size(), 3U);
  ASSERT_TRUE(store.remove_before(id(1, 3)).ok());
  EXPECT_EQ(disk.list().value().size(), 1U);
}

TEST(Snapshots, ThatNobodyRemovedAndAreGoneAreTheDisksFailure) {
  MemoryDisk disk(1);
  SnapshotStore store = open(disk);
  ASSERT_TRUE(write(store, {id(1, 5), "m"}, "x").ok());
  EXPECT_EQ(store.read(id(1, 4)).error().code, base::ErrorCode::NotFound);
  ASSERT_TRUE(disk.remove(snapshot_name(id(1, 5), kSnapshotSuffix)).ok());
  EXPECT_EQ(store.read(id(1, 5)).error().code, base::ErrorCode::Io);
}

TEST(Snapshots, OfAnotherClusterOrVersionAreRefused) {
  MemoryDisk disk(1);
  SnapshotStore store = open(disk);
  ASSERT_TRUE(write(store, {id(1, 5), "m"}, "x").ok());
  const std::string name = snapshot_name(id(1, 5), kSnapshotSuffix);
  EXPECT_EQ(SnapshotStore::open(disk, 8).error().message,
            name + ": belongs to a cluster of another name");
  std::string bytes = disk.bytes(name);
  base::ByteWriter writer(bytes);
  writer.set_u32(12, 2);
  writer.set_u32(8, base::crc32c(std::string_view(bytes).substr(12, 33)));
  disk.set_bytes(name, bytes);
  EXPECT_EQ(SnapshotStore::open(disk, 7).error().message,
            name + ": version 2 of the format is not known here");
}

}  // namespace
}  // namespace journal
