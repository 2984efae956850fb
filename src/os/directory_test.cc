// SPDX-License-Identifier: Apache-2.0
#include "os/directory.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <vector>

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

}  // namespace
}  // namespace os
