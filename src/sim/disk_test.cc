// SPDX-License-Identifier: Apache-2.0
#include "sim/disk.h"

#include <gtest/gtest.h>

#include <set>

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
  EXPECT_TRUE(machine.disk.damage(5));
  std::string bytes = read(machine.disk, "a");
  std::erase(bytes, 'y');
  EXPECT_EQ(bytes.size(), 1U);
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
    ASSERT_TRUE(machine.disk.damage(seed));
    const std::string bytes = read(machine.disk, "a");
    lost = lost || bytes == std::string(io::kSectorBytes, '\0') + "yyyy";
  }
  EXPECT_TRUE(lost);
}

}  // namespace
}  // namespace sim
