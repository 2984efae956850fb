// SPDX-License-Identifier: Apache-2.0
#include "os/directory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "io/testing/disk_contract.h"
#include "os/error.h"

namespace os {
namespace {

// A directory that is gone when the test is.
class Scratch {
 public:
  Scratch() {
    std::string name = "/tmp/os_test.XXXXXX";
    path_ = mkdtemp(name.data());
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// While it lives, nothing can be opened in this process.
class NoDescriptors {
 public:
  NoDescriptors() {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit none{0, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// What was synced, by its path.
std::vector<std::string>& synced() {
  static std::vector<std::string> paths;
  return paths;
}

}  // namespace

// In the place of the system's.
extern "C" int fsync(int fd) {
  std::error_code error;
  synced().push_back(
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error).string());
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace {

class DirectoryTest : public ::testing::Test {
 protected:
  Scratch scratch_;
  const std::string& path_ = scratch_.path();
};

TEST_F(DirectoryTest, SaysOfNamesWhatADiskSays) {
  auto disk = Directory::lock(path_);
  ASSERT_TRUE(disk.ok()) << disk.error().message;
  EXPECT_EQ(io::testing::complaints_about_names(*disk.value()), std::vector<std::string>());
}

TEST_F(DirectoryTest, GivesBackWhatWasWrittenInManyParts) {
  auto disk = Directory::lock(path_ + "/deep/data");
  ASSERT_TRUE(disk.ok()) << disk.error().message;
  auto file = disk.value()->create("a");
  ASSERT_TRUE(file.ok());
  const std::vector<std::string_view> parts(3000, "xyz");  // More than one system call takes.
  ASSERT_TRUE(file.value()->write(2, parts).ok());
  ASSERT_TRUE(file.value()->sync().ok());
  ASSERT_TRUE(disk.value()->sync_directory().ok());
  EXPECT_EQ(file.value()->size_bytes().value(), 9002U);
  std::array<char, 8> bytes{};
  EXPECT_EQ(file.value()->read(8996, bytes).value(), 6U);
  EXPECT_EQ(std::string(bytes.data(), 6), "xyzxyz");
  ASSERT_TRUE(file.value()->truncate(4).ok());
  EXPECT_EQ(file.value()->size_bytes().value(), 4U);
}

TEST_F(DirectoryTest, SyncsWhatNamesItUntilItHoldsSomething) {
  const auto was_synced = [](const std::string& path) {
    return std::ranges::find(synced(), path) != synced().end();
  };
  const std::string top = std::filesystem::canonical(path_).string();
  { ASSERT_TRUE(Directory::lock(path_ + "/a/b/c").ok()); }
  EXPECT_TRUE(was_synced(top));
  EXPECT_TRUE(was_synced(top + "/a"));
  EXPECT_TRUE(was_synced(top + "/a/b"));
  synced().clear();
  // Its maker may have died before that.
  {
    auto disk = Directory::lock(path_ + "/a/b/c");
    ASSERT_TRUE(disk.ok());
    EXPECT_TRUE(was_synced(top + "/a/b"));
    ASSERT_TRUE(disk.value()->create("journal").ok());
  }
  synced().clear();
  ASSERT_TRUE(Directory::lock(path_ + "/a/b/c").ok());
  EXPECT_FALSE(was_synced(top + "/a/b"));
}

TEST_F(DirectoryTest, ListsNamesInOrderAndNotItsLock) {
  auto disk = Directory::lock(path_);
  ASSERT_TRUE(disk.ok());
  ASSERT_TRUE(disk.value()->create("b").ok());
  ASSERT_TRUE(disk.value()->create("a").ok());
  ASSERT_TRUE(disk.value()->rename("b", "c").ok());
  EXPECT_EQ(disk.value()->list().value(), (std::vector<std::string>{"a", "c"}));
  EXPECT_FALSE(disk.value()->create("a").ok());
  ASSERT_TRUE(disk.value()->remove("a").ok());
  EXPECT_FALSE(disk.value()->open("a").ok());
}

TEST_F(DirectoryTest, RefusesASecondOwnerUntilTheFirstIsGone) {
  auto first = Directory::lock(path_);
  ASSERT_TRUE(first.ok());
  auto second = Directory::lock(path_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, base::ErrorCode::Unavailable);
  EXPECT_NE(second.error().message.find("is in use by another process"), std::string::npos);
  first = base::Error{base::ErrorCode::Io, "closed"};
  EXPECT_TRUE(Directory::lock(path_).ok());
}

TEST_F(DirectoryTest, SaysWhichPathCannotBeMade) {
  auto disk = Directory::lock("/proc/nowhere");
  ASSERT_FALSE(disk.ok());
  EXPECT_NE(disk.error().message.find("/proc/nowhere"), std::string::npos);
}

TEST_F(DirectoryTest, WritesWholeSectorsDurablyWhereverTheyAre) {
  auto disk = Directory::lock(scratch_.path()).value();
  auto file = disk->create("a").value();
  struct alignas(512) Sectors {
    std::array<char, 4096> bytes;
  };
  const auto sectors = std::make_unique<Sectors>();
  sectors->bytes.fill('x');
  const std::string_view bytes(sectors->bytes.data(), sectors->bytes.size());
  ASSERT_TRUE(file->write_durably(0, bytes).ok());
  ASSERT_TRUE(file->write_durably(1024, bytes).ok());
  ASSERT_TRUE(file->write_durably(512, bytes.substr(512, 512)).ok());
  ASSERT_TRUE(file->write_durably(7, bytes.substr(3, 10)).ok());  // Aligned to nothing.
  EXPECT_EQ(file->size_bytes().value(), 5120U);
  std::string read(6000, '\0');
  ASSERT_EQ(file->read(0, std::span(read)).value(), 5120U);
  EXPECT_EQ(read.substr(0, 5120), std::string(5120, 'x'));
}

TEST_F(DirectoryTest, SyncsMeanwhileByAThread) {
  const std::unique_ptr<Directory> disk = Directory::lock(path_).value();
  disk->use_thread();
  int told = 0;
  disk->watch_syncs([&told](std::chrono::nanoseconds) { ++told; });
  auto file = disk->create("snapshot").value();
  const std::string_view bytes = "bytes";
  ASSERT_TRUE(file->write(0, std::span(&bytes, 1)).ok());
  EXPECT_FALSE(file->sync_meanwhile().value());  // It has only begun.
  while (!file->sync_meanwhile().value()) std::this_thread::yield();
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(disk->sync_directory_meanwhile().value());
  // Who asks again after a change waits for one that has seen it.
  ASSERT_TRUE(disk->rename("snapshot", "other").ok());
  EXPECT_FALSE(disk->sync_directory_meanwhile().value());
  while (!disk->sync_directory_meanwhile().value()) std::this_thread::yield();
  EXPECT_FALSE(file->sync_meanwhile().value());
  file.reset();  // And nobody asks how it went.
  ASSERT_TRUE(disk->remove_meanwhile("other").ok());
  while (!disk->list().value().empty()) std::this_thread::yield();
}

TEST_F(DirectoryTest, WritesZerosMeanwhileByAThread) {
  constexpr std::size_t kShort = 1536;
  constexpr std::size_t kLong = 295'424;  // More than one call takes, and than the file has.
  const std::unique_ptr<Directory> disk = Directory::lock(path_).value();
  auto file = disk->create("spare").value();
  const std::string old(300'000, 'x');
  const std::string_view bytes = old;
  ASSERT_TRUE(file->write(0, std::span(&bytes, 1)).ok());
  EXPECT_TRUE(file->write_zeros_meanwhile(0, 512).value());  // Without one it waits.
  disk->use_thread();
  const auto zeros = [&](std::uint64_t offset, std::uint64_t size) {
    EXPECT_FALSE(file->write_zeros_meanwhile(offset, size).value());  // It has only begun.
    while (!file->write_zeros_meanwhile(offset, size).value()) std::this_thread::yield();
  };
  zeros(1024, kShort);
  zeros(8192, kLong);
  ASSERT_EQ(file->size_bytes().value(), 8192 + kLong);
  std::string all(8192 + kLong, '?');
  ASSERT_TRUE(file->read(0, std::span(all)).ok());
  EXPECT_EQ(all, std::string(512, '\0') + std::string(512, 'x') + std::string(kShort, '\0') +
                     std::string(8192 - 1024 - kShort, 'x') + std::string(kLong, '\0'));
  zeros(0, 512);
  file.reset();
}

TEST_F(DirectoryTest, WaitsForTheDiskWhereNoDescriptorIsLeftForAThread) {
  const std::unique_ptr<Directory> disk = Directory::lock(path_).value();
  disk->use_thread();
  auto file = disk->create("file").value();
  {
    const NoDescriptors none;
    EXPECT_EQ(disk->create("other").error().code, base::ErrorCode::Unavailable);
    EXPECT_TRUE(file->write_zeros_meanwhile(0, 1024).value());
    EXPECT_TRUE(file->sync_meanwhile().value());
    EXPECT_TRUE(disk->sync_directory_meanwhile().value());
  }
  EXPECT_EQ(file->size_bytes().value(), 1024U);
  EXPECT_FALSE(file->sync_meanwhile().value());  // A thread again.
  while (!file->sync_meanwhile().value()) std::this_thread::yield();
}

TEST(SystemError, OfALackIsNoneOfADiskUntilSomethingWasToChange) {
  for (const int lack : {EMFILE, ENFILE, ENOMEM}) {
    EXPECT_EQ(system_error("open", lack).code, base::ErrorCode::Unavailable);
    EXPECT_EQ(disk_error("sync", lack).code, base::ErrorCode::Io);
  }
  EXPECT_EQ(system_error("read", EIO).code, base::ErrorCode::Io);
  EXPECT_EQ(disk_error("write", ENOSPC).code, base::ErrorCode::NoSpace);
}

TEST_F(DirectoryTest, MapsAFileThatGrowsAndReadsItBack) {
  auto disk = Directory::lock(scratch_.path()).value();
  for (int times = 0; times < 2; ++times) {
    auto file = disk->map("m").value();
    if (times == 0) {
      ASSERT_EQ(file->size_bytes(), 0U);
      ASSERT_TRUE(file->grow(4096).ok());
      ASSERT_TRUE(file->store(100, "first").ok());
      ASSERT_TRUE(file->grow(1U << 20U).ok());
      ASSERT_TRUE(file->store((1U << 20U) - 4, "last").ok());
      ASSERT_TRUE(file->sync((1U << 20U) - 4, 4).ok());
      ASSERT_TRUE(file->sync(0, 200).ok());
    }
    std::string bytes(5, '\0');
    ASSERT_TRUE(file->load(100, std::span(bytes)).ok());
    EXPECT_EQ(bytes, "first");
    ASSERT_TRUE(file->load((1U << 20U) - 5, std::span(bytes)).ok());
    EXPECT_EQ(bytes, std::string("\0last", 5));
  }
}

// The file became shorter under it, as when a disk cannot give a page: SIGBUS.
TEST_F(DirectoryTest, TellsOfAPageThatIsGoneAndLivesOn) {
  auto disk = Directory::lock(scratch_.path()).value();
  auto file = disk->map("m").value();
  ASSERT_TRUE(file->grow(16384).ok());
  std::filesystem::resize_file(scratch_.path() + "/m", 4096);
  for (int times = 0; times < 3; ++times) {
    std::string bytes(10, '\0');
    EXPECT_EQ(file->load(8192, std::span(bytes)).error().code, base::ErrorCode::Io);
    EXPECT_EQ(file->store(8192, "x").error().code, base::ErrorCode::Io);
    EXPECT_TRUE(file->load(0, std::span(bytes)).ok());
  }
}

}  // namespace
}  // namespace os
