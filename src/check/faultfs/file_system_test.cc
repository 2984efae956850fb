// SPDX-License-Identifier: Apache-2.0
// What a power cut leaves, without a mount: changes are made as the kernel would ask for them.
#include "check/faultfs/file_system.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

namespace check::faultfs {
namespace {

namespace fs = std::filesystem;

class Disk {
 public:
  explicit Disk(Profile profile = Profile::Ext4Like) {
    EXPECT_NE(::mkdtemp(top_.data()), nullptr);
    fs::create_directories(top_ + "/data");
    fs::create_directories(top_ + "/stash");
    files_ = FileSystem::open(top_ + "/data", top_ + "/stash", profile).value();
  }
  ~Disk() {
    files_.reset();
    EXPECT_TRUE(fs::is_empty(top_ + "/stash"));
    fs::remove_all(top_);
  }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  FileSystem* operator->() { return files_.get(); }
  OpenFile& create(const std::string& path) {
    OpenFile* file = nullptr;
    EXPECT_EQ(files_->create(path.c_str(), 0600, O_RDWR, file), 0);
    return *file;
  }
  void write(const OpenFile& file, const std::string& text, off_t offset) {
    EXPECT_EQ(files_->write(file, text.data(), text.size(), offset), text.size());
  }
  void sync(const OpenFile& file) { EXPECT_EQ(files_->fsync(file, true), 0); }
  void sync_root() {
    OpenFile* root = nullptr;
    EXPECT_EQ(files_->open_directory("/", root), 0);
    EXPECT_EQ(files_->fsync_directory(*root), 0);
  }
  // "a=xyz b/ b/c=" : every file with its content, in order.
  std::string show() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(top_ + "/data")) {
      std::string name = entry.path().string().substr(top_.size() + 6);
      if (entry.is_directory()) {
        found[name + "/"] = "";
        continue;
      }
      std::stringstream content;
      content << std::ifstream(entry.path()).rdbuf();
      found[name + "="] = content.str();
    }
    std::string text;
    for (const auto& [name, content] : found) {
      text += (text.empty() ? "" : " ") + name +
              (content.size() < 40 ? content : std::to_string(content.size()) + " bytes");
    }
    return text;
  }

 private:
  std::string top_ = "/tmp/seaworthy-fs-XXXXXX";
  std::unique_ptr<FileSystem> files_;
};

TEST(PowerCut, TakesWhatWasNotSynced) {
  Disk disk;
  OpenFile& log = disk.create("/log");
  disk.write(log, "aaaa", 0);
  disk.sync(log);
  disk.write(log, "bbbb", 4);
  disk.write(log, "C", 1);
  EXPECT_EQ(disk.show(), "log=aCaabbbb");
  EXPECT_EQ(disk->roll_back(Cut::LoseUnsynced), (Loss{2, 5, 0, 0}));
  EXPECT_EQ(disk.show(), "log=aaaa");
}

TEST(PowerCut, AfterASyncTakesNothing) {
  Disk disk;
  OpenFile& log = disk.create("/log");
  disk.write(log, "aaaa", 0);
  disk.sync(log);
  EXPECT_EQ(disk->roll_back(Cut::LoseUnsynced), (Loss{}));
  EXPECT_EQ(disk.show(), "log=aaaa");
}

TEST(PowerCut, KnowsWhichFileWasSynced) {
  Disk disk;
  OpenFile& a = disk.create("/a");
  OpenFile& b = disk.create("/b");
  disk.write(a, "1", 0);
  disk.write(b, "2", 0);
  disk.write(a, "3", 1);
  disk.sync(b);
  disk->roll_back(Cut::LoseUnsynced);
  EXPECT_EQ(disk.show(), "a= b=2");  // As a sync of b made the names durable.
}

TEST(PowerCut, StrictlyTakesNamesUntilTheirDirectoryIsSynced) {
  Disk disk(Profile::Strict);
  EXPECT_EQ(disk->mkdir("/d", 0700), 0);
  OpenFile& a = disk.create("/d/a");
  disk.write(a, "1", 0);
  disk.sync(a);
  disk.sync_root();
  EXPECT_EQ(disk->roll_back(Cut::LoseUnsynced), (Loss{0, 0, 1, 0}));
  EXPECT_EQ(disk.show(), "d/");
}

TEST(PowerCut, BringsBackWhatWasRemovedAndRenamed) {
  Disk disk;
  OpenFile& a = disk.create("/a");
  OpenFile& b = disk.create("/b");
  disk.write(a, "old", 0);
  disk.write(b, "new", 0);
  disk.sync(a);
  disk.sync(b);
  EXPECT_EQ(disk->mkdir("/d", 0700), 0);
  disk.sync_root();
  EXPECT_EQ(disk->rename("/b", "/a", 0), 0);
  EXPECT_EQ(disk->unlink("/a"), 0);
  EXPECT_EQ(disk->rmdir("/d"), 0);
  EXPECT_EQ(disk->symlink("x", "/s"), 0);
  EXPECT_EQ(disk->roll_back(Cut::LoseUnsynced), (Loss{0, 0, 4, 0}));
  EXPECT_EQ(disk.show(), "a=old b=new d/");
}

TEST(PowerCut, KeepsARenameThatWasSynced) {
  Disk disk(Profile::Strict);
  OpenFile& a = disk.create("/a");
  OpenFile& b = disk.create("/b");
  disk.write(a, "old", 0);
  disk.write(b, "new", 0);
  disk.sync(a);
  disk.sync(b);
  EXPECT_EQ(disk->rename("/b", "/a", 0), 0);
  disk.sync_root();
  EXPECT_EQ(disk->roll_back(Cut::LoseUnsynced), (Loss{}));
  EXPECT_EQ(disk.show(), "a=new");
}

TEST(PowerCut, RestoresWhatWasCutOffAndReserved) {
  Disk disk;
  OpenFile& log = disk.create("/log");
  disk.write(log, "abcdefgh", 0);
  disk.sync(log);
  EXPECT_EQ(disk->truncate("/log", nullptr, 3), 0);
  EXPECT_EQ(disk->fallocate(log, 0, 0, 100), 0);
  EXPECT_EQ(disk->fallocate(log, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1, 2), 0);
  disk->roll_back(Cut::LoseUnsynced);
  EXPECT_EQ(disk.show(), "log=abcdefgh");
}

TEST(PowerCut, TearsTheLastWriteAtASector) {
  Disk disk;
  OpenFile& log = disk.create("/log");
  disk.write(log, std::string(600, 'a'), 0);
  disk.write(log, std::string(2000, 'b'), 600);
  EXPECT_EQ(disk->roll_back(Cut::TearLast), (Loss{1, 1064, 0, 1064}));
  EXPECT_EQ(disk.show(), "log=1536 bytes");
}

TEST(PowerCut, AfterAnotherTakesOnlyWhatIsNew) {
  Disk disk;
  OpenFile& log = disk.create("/log");
  disk.write(log, "aaaa", 0);
  disk.sync(log);
  disk.write(log, "bbbb", 4);
  disk->roll_back(Cut::LoseUnsynced);
  EXPECT_EQ(disk->roll_back(Cut::LoseUnsynced), (Loss{}));
  EXPECT_EQ(disk.show(), "log=aaaa");
}

TEST(PowerCut, SparesWhatIsWrittenSynchronously) {
  Disk disk;
  OpenFile* log = nullptr;
  EXPECT_EQ(disk->create("/log", 0600, O_WRONLY | O_DSYNC, log), 0);
  disk.write(*log, "aaaa", 0);
  disk->roll_back(Cut::LoseUnsynced);
  EXPECT_EQ(disk.show(), "log=aaaa");
}

TEST(FullDisk, RefusesWhatTakesRoom) {
  Disk disk;
  OpenFile& log = disk.create("/log");
  disk->troubles().set({.full = true, .broken = false, .delay = {}});
  EXPECT_EQ(disk->write(log, "x", 1, 0), -ENOSPC);
  EXPECT_EQ(disk->mkdir("/d", 0700), -ENOSPC);
  EXPECT_EQ(disk->fsync(log, true), 0);
  EXPECT_EQ(disk->unlink("/log"), 0);
  EXPECT_EQ(disk->troubles().suffered().refused, 2U);
}

TEST(BrokenDisk, FailsWritesAndSyncs) {
  Disk disk;
  OpenFile& log = disk.create("/log");
  disk->troubles().set({.full = false, .broken = true, .delay = {}});
  EXPECT_EQ(disk->write(log, "x", 1, 0), -EIO);
  EXPECT_EQ(disk->fsync(log, true), -EIO);
  disk->troubles().set({});
  disk.write(log, "x", 0);
}

TEST(FlippedBit, IsOneBit) {
  Disk disk;
  disk.write(disk.create("/log"), "aaaa", 0);
  EXPECT_TRUE(disk->flip_bit("log", 2, 1).ok());
  EXPECT_EQ(disk.show(), "log=aaca");
  EXPECT_EQ(disk->flip_bit("log", 4, 1).error().message, "log has no byte 4");
}

}  // namespace
}  // namespace check::faultfs
