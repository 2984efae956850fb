// SPDX-License-Identifier: Apache-2.0
#include "offline/scratch_disk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/prng.h"
#include "os/directory.h"

namespace offline {
namespace {

// A directory that is gone when the test is.
class Folder {
 public:
  Folder() {
    std::string name = "/tmp/offline_test.XXXXXX";
    path_ = mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name) << text;
  }
  std::string get(const std::string& name) const {
    std::ifstream file(path_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

 private:
  std::string path_;
};

std::string content(io::File& file) {
  std::string bytes(file.size_bytes().value() + 10, '?');
  bytes.resize(file.read(0, bytes).value());
  return bytes;
}

TEST(ScratchDisk, ReadsAsAFileDoesWhateverIsWrittenAndTheFileStays) {
  const char* seed = std::getenv("SEED");
  base::Prng prng(seed == nullptr ? 1 : std::strtoull(seed, nullptr, 10));
  std::cout << "SEED=" << (seed == nullptr ? "1" : seed) << '\n';
  for (int round = 0; round < 100; ++round) {
    const Folder folder;
    std::string model(prng.between(0, 20'000), 'a');
    const std::string before = model;
    folder.put("file", model);
    const auto disk = std::move(ScratchDisk::over(folder.path())).value();
    const auto file = std::move(disk->open("file")).value();
    for (int i = 0; i < 20; ++i) {
      if (prng.between(0, 3) == 0) {
        model.resize(prng.between(0, 25'000));
        ASSERT_TRUE(file->truncate(model.size()).ok());
      } else {
        const std::string bytes(prng.between(1, 6'000), static_cast<char>('b' + i));
        const std::uint64_t at = prng.between(0, 20'000);
        model.resize(std::max<std::size_t>(model.size(), at + bytes.size()));
        model.replace(at, bytes.size(), bytes);
        const std::string_view part = bytes;
        ASSERT_TRUE(file->write(at, std::span(&part, 1)).ok());
      }
      ASSERT_EQ(content(*file), model);
    }
    ASSERT_EQ(folder.get("file"), before);
  }
}

TEST(ScratchDisk, KeepsNamesToItself) {
  const Folder folder;
  folder.put("a", "1");
  folder.put("b", "2");
  const auto disk = std::move(ScratchDisk::over(folder.path())).value();
  ASSERT_TRUE(disk->remove("a").ok());
  ASSERT_TRUE(disk->rename("b", "c").ok());
  ASSERT_TRUE(disk->create("d").ok());
  EXPECT_FALSE(disk->create("c").ok());
  EXPECT_FALSE(disk->open("a").ok());
  EXPECT_EQ(disk->list().value(), (std::vector<std::string>{"c", "d"}));
  EXPECT_EQ(content(*disk->open("c").value()), "2");
  EXPECT_EQ(folder.get("a"), "1");
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/d"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/LOCK"));
}

TEST(ScratchDisk, MapsAFileThatStaysAsItIs) {
  const Folder folder;
  folder.put("file", "abc");
  const auto disk = std::move(ScratchDisk::over(folder.path())).value();
  const auto mapped = std::move(disk->map("file")).value();
  ASSERT_TRUE(mapped->grow(10'000).ok());
  ASSERT_TRUE(mapped->store(9'998, "yz").ok());
  std::string bytes(10'000, '?');
  ASSERT_TRUE(mapped->load(0, bytes).ok());
  EXPECT_EQ(bytes, "abc" + std::string(9'995, '\0') + "yz");
  EXPECT_EQ(folder.get("file"), "abc");
}

TEST(ScratchDisk, DoesNotOpenWhatANodeUsesOrWhatIsNotThere) {
  const Folder folder;
  {
    const auto used = os::Directory::lock(folder.path());
    ASSERT_TRUE(used.ok());
    const auto disk = ScratchDisk::over(folder.path());
    ASSERT_FALSE(disk.ok());
    EXPECT_EQ(disk.error().code, base::ErrorCode::Unavailable);
  }
  EXPECT_TRUE(ScratchDisk::over(folder.path()).ok());
  EXPECT_FALSE(ScratchDisk::over(folder.path() + "/nothing").ok());
}

}  // namespace
}  // namespace offline
