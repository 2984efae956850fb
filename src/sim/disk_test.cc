// SPDX-License-Identifier: Apache-2.0
#include "sim/disk.h"

#include <gtest/gtest.h>

#include <set>

#include "io/testing/disk_contract.h"

namespace sim {
namespace {

struct Machine {
  Fuse fuse;
  RunHash hash;
  Disk disk{fuse, hash};
};

base::Status write(io::File& file, std::uint64_t offset, std::string_view bytes) {
  return file.write(offset, std::span(&bytes, 1));
}

std::string read(Disk& disk, const std::string& name) {
  auto file = disk.open(name);
  if (!file.ok()) return "no file";
  std::string bytes(4096, '\0');
  bytes.resize(file.value()->read(0, bytes).value());
  return bytes;
}

// One durable file "a" of 1024 x; then 1024 y over it, not synced.
std::unique_ptr<io::File> half_written(Machine& machine) {
  auto file = machine.disk.create("a").value();
  EXPECT_TRUE(write(*file, 0, std::string(1024, 'x')).ok());
  EXPECT_TRUE(file->sync().ok());
  EXPECT_TRUE(machine.disk.sync_directory().ok());
  EXPECT_TRUE(write(*file, 0, std::string(1024, 'y')).ok());
  return file;
}

TEST(Disk, SaysOfNamesWhatADiskSays) {
  Machine machine;
  EXPECT_EQ(io::testing::complaints_about_names(machine.disk), std::vector<std::string>());
}

TEST(Disk, KeepsWhatWasSyncedAndAnySectorsOfTheRest) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    Machine machine;
    const auto file = half_written(machine);
    machine.disk.crash(Survival::Random, seed);
    const std::string bytes = read(machine.disk, "a");
    ASSERT_EQ(bytes.size(), 1024U);
    for (const std::size_t sector : {0U, 512U}) {
      const std::string part = bytes.substr(sector, 512);
      EXPECT_TRUE(part == std::string(512, 'x') || part == std::string(512, 'y'));
    }
    seen.insert(bytes);
  }
  EXPECT_EQ(seen.size(), 4U);
}

TEST(Disk, KeepsNothingOrEverythingIfTold) {
  Machine machine;
  const auto file = half_written(machine);
  EXPECT_TRUE(machine.disk.crash(Survival::Nothing, 1));
  EXPECT_EQ(read(machine.disk, "a"), std::string(1024, 'x'));
  Machine other;
  const auto same = half_written(other);
  EXPECT_FALSE(other.disk.crash(Survival::Everything, 1));
  EXPECT_EQ(read(other.disk, "a"), std::string(1024, 'y'));
}

TEST(Disk, ForgetsANameThatWasNotSynced) {
  Machine machine;
  auto file = machine.disk.create("a").value();
  EXPECT_TRUE(file->sync().ok());
  machine.disk.crash(Survival::Nothing, 1);
  EXPECT_EQ(read(machine.disk, "a"), "no file");
}

// fsyncgate: what a failed sync dropped, a later one does not bring back.
TEST(Disk, DropsWhatAFailedSyncDidNotWrite) {
  bool dropped = false;
  for (std::uint64_t round = 0; round < 16; ++round) {
    Machine machine;
    const auto file = half_written(machine);
    for (std::uint64_t i = 0; i <= round; ++i) {
      machine.fuse.arm_error(1);
      EXPECT_FALSE(file->sync().ok());
    }
    EXPECT_EQ(read(machine.disk, "a"), std::string(1024, 'y'));
    EXPECT_TRUE(file->sync().ok());
    machine.disk.crash(Survival::Everything, 1);
    if (read(machine.disk, "a") != std::string(1024, 'y')) dropped = true;
  }
  EXPECT_TRUE(dropped);
}

TEST(Disk, IsOffFromTheArmedEffectOn) {
  Machine machine;
  const auto file = half_written(machine);
  machine.fuse.arm_death(2);
  EXPECT_TRUE(write(*file, 0, "z").ok());
  EXPECT_FALSE(file->sync().ok());
  EXPECT_FALSE(write(*file, 0, "z").ok());
  EXPECT_TRUE(machine.fuse.dead());
  machine.fuse.renew();
  machine.disk.crash(Survival::Nothing, 1);
  EXPECT_EQ(read(machine.disk, "a"), std::string(1024, 'x'));
}

TEST(Disk, RefusesWritesWhileItIsFull) {
  Machine machine;
  const auto file = half_written(machine);
  machine.fuse.arm_full(1);
  EXPECT_FALSE(write(*file, 0, "z").ok());
  EXPECT_FALSE(machine.disk.create("b").ok());
  EXPECT_TRUE(file->sync().ok());
  machine.fuse.disarm();
  EXPECT_TRUE(write(*file, 0, "z").ok());
}

TEST(Disk, TurnsOneBitOfWhatIsStored) {
  Machine machine;
  const auto file = half_written(machine);
  machine.disk.crash(Survival::Everything, 1);
  EXPECT_TRUE(machine.disk.damage(5).has_value());
  std::string bytes = read(machine.disk, "a");
  std::erase(bytes, 'y');
  EXPECT_EQ(bytes.size(), 1U);
}

TEST(Disk, SpoilsTheNewestSnapshotAndNothingElse) {
  Machine machine;
  EXPECT_FALSE(machine.disk.spoil(1).has_value());
  const std::string bytes(io::kSectorBytes, 'x');
  for (const char* name : {"1.snapshot", "2.snapshot", "3.journal"}) {
    const auto file = machine.disk.create(name).value();
    ASSERT_TRUE(write(*file, 0, bytes).ok());
    ASSERT_TRUE(file->sync().ok());
  }
  ASSERT_TRUE(machine.disk.sync_directory().ok());
  EXPECT_EQ(machine.disk.spoil(1), "2.snapshot");
  EXPECT_EQ(read(machine.disk, "1.snapshot"), bytes);
  EXPECT_NE(read(machine.disk, "2.snapshot"), bytes);
  EXPECT_EQ(read(machine.disk, "3.journal"), bytes);
}

TEST(Disk, LosesASectorThatHasAWholeWriteBehindIt) {
  bool lost = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Machine machine;
    const auto file = machine.disk.create("a").value();
    ASSERT_TRUE(write(*file, 0, std::string(io::kSectorBytes, 'x')).ok());
    ASSERT_TRUE(write(*file, io::kSectorBytes, "yyyy").ok());
    ASSERT_TRUE(file->sync().ok());
    ASSERT_TRUE(machine.disk.sync_directory().ok());
    ASSERT_TRUE(machine.disk.damage(seed).has_value());
    const std::string bytes = read(machine.disk, "a");
    lost = lost || bytes == std::string(io::kSectorBytes, '\0') + "yyyy";
  }
  EXPECT_TRUE(lost);
}

// One durable mapped file "m" of two pages of x; then each sector stored over twice, not synced.
std::unique_ptr<io::MappedFile> half_stored(Machine& machine) {
  auto file = machine.disk.map("m").value();
  EXPECT_TRUE(file->grow(8192).ok());
  EXPECT_TRUE(file->store(0, std::string(8192, 'x')).ok());
  EXPECT_TRUE(file->sync(0, 8192).ok());
  EXPECT_TRUE(machine.disk.sync_directory().ok());
  EXPECT_TRUE(file->store(0, std::string(8192, 'y')).ok());
  EXPECT_TRUE(file->store(0, std::string(8192, 'z')).ok());
  return file;
}

std::string load(Disk& disk) {
  const auto file = disk.map("m").value();
  std::string bytes(file->size_bytes(), '\0');
  EXPECT_TRUE(file->load(0, std::span(bytes)).ok());
  return bytes;
}

TEST(Disk, KeepsEachSectorOfAMappedFileAsItWasAtSomeMoment) {
  std::set<char> seen;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    Machine machine;
    const auto file = half_stored(machine);
    machine.disk.crash(Survival::Random, seed);
    const std::string bytes = load(machine.disk);
    ASSERT_EQ(bytes.size(), 8192U);
    for (std::size_t at = 0; at < bytes.size(); at += io::kSectorBytes) {
      EXPECT_EQ(bytes.substr(at, io::kSectorBytes), std::string(io::kSectorBytes, bytes[at]));
      seen.insert(bytes[at]);
    }
  }
  EXPECT_EQ(seen, (std::set<char>{'x', 'y', 'z'}));
}

TEST(Disk, SyncsThePagesOfAMappedFileThatItIsAskedFor) {
  Machine machine;
  const auto file = half_stored(machine);
  EXPECT_TRUE(file->sync(100, 1).ok());
  machine.disk.crash(Survival::Nothing, 1);
  EXPECT_EQ(load(machine.disk), std::string(4096, 'z') + std::string(4096, 'x'));
}

TEST(Disk, MayLoseTheGrowthOfAMappedFileThatWasNotSynced) {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    Machine machine;
    const auto file = half_stored(machine);
    EXPECT_TRUE(file->grow(9000).ok());
    EXPECT_TRUE(file->store(8500, "y").ok());
    machine.disk.crash(Survival::Random, seed);
    sizes.insert(load(machine.disk).size());
  }
  EXPECT_EQ(sizes, (std::set<std::size_t>{8192, 9000}));
  Machine machine;
  const auto file = half_stored(machine);
  machine.fuse.arm_full(1);
  EXPECT_FALSE(file->grow(9000).ok());
  EXPECT_TRUE(file->store(0, "y").ok());
  EXPECT_EQ(file->size_bytes(), 8192U);
}

// As File::sync(): what a failed one dropped, a later one does not bring back.
TEST(Disk, DropsWhatAFailedSyncOfAMappedFileDidNotWrite) {
  bool dropped = false;
  for (std::uint64_t round = 0; round < 16; ++round) {
    Machine machine;
    const auto file = half_stored(machine);
    machine.fuse.arm_error(1);
    EXPECT_FALSE(file->sync(0, 8192).ok());
    EXPECT_EQ(load(machine.disk), std::string(8192, 'z'));
    EXPECT_TRUE(file->sync(0, 8192).ok());
    machine.disk.crash(Survival::Everything, 1);
    if (load(machine.disk) != std::string(8192, 'z')) dropped = true;
  }
  EXPECT_TRUE(dropped);
}

// The page that cannot be read raises SIGBUS; what comes before it in the store is there, whole
// pages.
TEST(Disk, StoresWholePagesOfAMappedFileBeforeOneThatFails) {
  std::set<std::size_t> stored;
  Machine machine;
  const auto file = half_stored(machine);
  for (int round = 0; round < 16; ++round) {
    ASSERT_TRUE(file->store(0, std::string(8192, 'y')).ok());
    machine.fuse.arm_error(1);
    EXPECT_FALSE(file->store(100, std::string(8092, 'z')).ok());
    const std::string bytes = load(machine.disk);
    const std::size_t end = bytes.find_last_of('z') + 1;  // 0: nowhere.
    EXPECT_EQ(bytes, std::string(end == 0 ? 0 : 100, 'y') +
                         std::string(end == 0 ? 0 : end - 100, 'z') + std::string(8192 - end, 'y'));
    stored.insert(end);
  }
  EXPECT_EQ(stored, (std::set<std::size_t>{0, 4096}));
}

}  // namespace
}  // namespace sim
