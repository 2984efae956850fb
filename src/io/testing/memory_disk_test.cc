// SPDX-License-Identifier: Apache-2.0
#include "io/testing/memory_disk.h"

#include <gtest/gtest.h>

#include <set>

#include "io/testing/disk_contract.h"

namespace io::testing {
namespace {

base::Status write(File& file, std::uint64_t offset, std::string_view bytes) {
  return file.write(offset, std::span(&bytes, 1));
}

// One durable file "a" of 1024 x; then 1024 y over it, not synced.
std::unique_ptr<File> half_written(MemoryDisk& disk) {
  auto file = disk.create("a").value();
  EXPECT_TRUE(write(*file, 0, std::string(1024, 'x')).ok());
  EXPECT_TRUE(file->sync().ok());
  EXPECT_TRUE(disk.sync_directory().ok());
  EXPECT_TRUE(write(*file, 0, std::string(1024, 'y')).ok());
  return file;
}

TEST(MemoryDisk, SaysOfNamesWhatADiskSays) {
  MemoryDisk disk(1);
  EXPECT_EQ(complaints_about_names(disk), std::vector<std::string>());
}

TEST(MemoryDisk, WhatWasNotSyncedSurvivesInAnySectors) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    MemoryDisk disk(seed);
    const auto file = half_written(disk);
    disk.crash(Survival::Random);
    const std::string bytes = disk.bytes("a");
    seen.insert({bytes.front(), bytes[511], bytes[512], bytes.back()});
  }
  EXPECT_EQ(seen, (std::set<std::string>{"xxxx", "xxyy", "yyxx", "yyyy"}));
}

TEST(MemoryDisk, NothingOrEverythingSurvivesWhenAskedFor) {
  MemoryDisk disk(1);
  const auto file = half_written(disk);
  EXPECT_EQ(disk.bytes("a"), std::string(1024, 'y'));
  disk.crash(Survival::Nothing);
  EXPECT_EQ(disk.bytes("a"), std::string(1024, 'x'));
  EXPECT_FALSE(file->sync().ok());  // A handle from before the crash.
}

TEST(MemoryDisk, ANameIsDurableAfterTheDirectoryIsSynced) {
  MemoryDisk disk(1);
  auto file = disk.create("a").value();
  EXPECT_TRUE(write(*file, 0, "x").ok());
  EXPECT_TRUE(file->sync().ok());
  disk.crash(Survival::Nothing);
  EXPECT_TRUE(disk.list().value().empty());
}

TEST(MemoryDisk, ARenameIsAtomic) {
  std::set<std::vector<std::string>> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    MemoryDisk disk(seed);
    const auto file = half_written(disk);
    EXPECT_TRUE(disk.rename("a", "b").ok());
    disk.crash(Survival::Random);
    seen.insert(disk.list().value());
  }
  EXPECT_EQ(seen, (std::set<std::vector<std::string>>{{"a"}, {"b"}}));
}

// "Can Applications Recover from fsync Failures?" (Rebello et al., ATC 2020).
TEST(MemoryDisk, ASyncAfterAFailedSyncProvesNothing) {
  bool lost = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    MemoryDisk disk(seed);
    const auto file = half_written(disk);
    disk.plan(Fault::Error, 1);
    EXPECT_FALSE(file->sync().ok());
    EXPECT_TRUE(file->sync().ok());
    EXPECT_EQ(disk.bytes("a"), std::string(1024, 'y'));
    disk.crash(Survival::Everything);
    lost = lost || disk.bytes("a") != std::string(1024, 'y');
  }
  EXPECT_TRUE(lost);
}

TEST(MemoryDisk, AfterAPowerCutNothingWorksUntilTheCrash) {
  MemoryDisk disk(1);
  disk.plan(Fault::PowerCut, 2);
  EXPECT_TRUE(disk.create("a").ok());
  EXPECT_FALSE(disk.sync_directory().ok());
  EXPECT_FALSE(disk.list().ok());
  EXPECT_FALSE(disk.create("b").ok());
  disk.crash(Survival::Everything);
  EXPECT_EQ(disk.list().value(), std::vector<std::string>{"a"});
}

TEST(MemoryDisk, AFailedCallFailsOnce) {
  MemoryDisk disk(1);
  disk.plan(Fault::Error, 1);
  EXPECT_FALSE(disk.create("a").ok());
  EXPECT_TRUE(disk.create("a").ok());
  EXPECT_FALSE(disk.create("a").ok());
  EXPECT_EQ(disk.calls(), 3U);
}

}  // namespace
}  // namespace io::testing
