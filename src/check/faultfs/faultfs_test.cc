// SPDX-License-Identifier: Apache-2.0
// A node's program on a disk that fails: through the kernel, as the system under test meets it.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "check/faultfs/faulty_disk.h"
#include "check/sandbox/sandbox.h"
#include "check/sandbox/testing.h"

namespace check::faultfs {
namespace {

namespace fs = std::filesystem;
constexpr history::NodeId kNode{1};

// One node with such a disk.
class Scene {
 public:
  Scene() : sandbox_(sandbox::make(1)) {
    EXPECT_NE(::mkdtemp(top_.data()), nullptr);
    fs::create_directories(data());
    disk_ = FaultyDisk::make(*sandbox_, kNode, data(), top_ + "/undo").value();
  }
  ~Scene() {
    EXPECT_TRUE(sandbox_->kill_all(kNode).ok());
    disk_.reset();
    EXPECT_FALSE(fs::exists(top_ + "/undo"));
    fs::remove_all(top_);
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  FaultyDisk* operator->() { return disk_.get(); }
  sandbox::Sandbox& sandbox() { return *sandbox_; }
  std::string data() const { return top_ + "/data"; }
  // What a shell prints in the directory, errors as well.
  std::string shell(const std::string& command) {
    return sandbox::output_of(*sandbox_, kNode, "cd " + data() + " && { " + command + "; } 2>&1");
  }
  // The same in Python, with `import os`.
  std::string python(const std::string& program) {
    return shell("python3 -c \"import os\n" + program + "\"");
  }

 private:
  std::string top_ = "/tmp/seaworthy-faultfs-XXXXXX";
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<FaultyDisk> disk_;
};

// Where the machine forbids FUSE, the reason is the test's result.
void on_a_disk(const std::function<void(Scene&)>& body) {
  if (::access("/dev/fuse", R_OK | W_OK) != 0) GTEST_SKIP() << "/dev/fuse cannot be opened";
  sandbox::inside([&] {
    Scene scene;
    body(scene);
  });
}

TEST(FaultyDisk, IsPossibleOrTheReasonIsSaid) {
  const bool opens = ::access("/dev/fuse", R_OK | W_OK) == 0;
  sandbox::inside([&] {
    const auto sandbox = sandbox::make(1);
    const base::Status possible = probe(*sandbox);
    EXPECT_EQ(possible.ok(), opens);
    if (!possible.ok()) {
      EXPECT_NE(possible.error().message.find("/dev/fuse"), std::string::npos);
    }
  });
}

TEST(FaultyDisk, IsADirectoryLikeAnyOther) {
  on_a_disk([](Scene& disk) {
    EXPECT_EQ(disk.shell("mkdir -p a/b; echo hello > a/b/c; ln -s c a/b/d; cat a/b/d; mv a/b/c e;"
                         "ln e f; echo more >> e; cat f; rm e; ls; chmod 600 f; stat -c %a-%s f;"
                         "find . | sort; rm -r a"),
              "hello\nhello\nmore\na\nf\n600-11\n.\n./a\n./a/b\n./a/b/d\n./f\n");
    EXPECT_EQ(disk.shell("dd if=/dev/zero of=big bs=1M count=20 2>/dev/null; stat -c %s big;"
                         "truncate -s 5 big; od -An -c big"),
              "20971520\n  \\0  \\0  \\0  \\0  \\0\n");
    EXPECT_TRUE(fs::exists(disk.data() + "/big"));  // The checker sees the files themselves.
  });
}

TEST(FaultyDisk, LosesUnsyncedWritesAtAPowerCut) {
  on_a_disk([](Scene& disk) {
    EXPECT_EQ(disk.python("f = os.open('log', os.O_CREAT | os.O_RDWR)\n"
                          "os.write(f, b'synced ')\nos.fdatasync(f)\n"
                          "os.write(f, b'not synced')"),
              "");
    EXPECT_EQ(disk.shell("cat log"), "synced not synced");
    const auto loss = disk->cut_power(Cut::LoseUnsynced);
    ASSERT_TRUE(loss.ok()) << loss.error().message;
    EXPECT_EQ(loss.value(), (Loss{1, 10, 0, 0}));
    EXPECT_EQ(disk.shell("cat log; echo . >> log; cat log"), "synced synced .\n");
  });
}

TEST(FaultyDisk, LosesMappedPagesThatWereNotSynced) {
  on_a_disk([](Scene& disk) {
    EXPECT_EQ(disk.python("import mmap\nf = os.open('map', os.O_CREAT | os.O_RDWR)\n"
                          "os.ftruncate(f, 8192)\nm = mmap.mmap(f, 8192)\n"
                          "m[0:4] = b'kept'\nm.flush()\nm[4096:4100] = b'lost'\n"
                          "print(m[0:4], m[4096:4100])"),
              "b'kept' b'lost'\n");
    EXPECT_TRUE(disk->cut_power(Cut::LoseUnsynced).ok());
    EXPECT_EQ(disk.python("b = open('map', 'rb').read()\nprint(b[0:4], b[4096:4100])"),
              "b'kept' b'\\x00\\x00\\x00\\x00'\n");
  });
}

TEST(FaultyDisk, IsFullBrokenAndWholeAgain) {
  on_a_disk([](Scene& disk) {
    EXPECT_EQ(disk.shell("echo a > a"), "");
    disk->set({.full = true, .broken = false, .delay = {}});
    EXPECT_EQ(disk.shell("echo b >> a || cat a"), "sh: 1: echo: echo: I/O error\na\n");
    EXPECT_EQ(disk.python("try:\n  os.mkdir('d')\nexcept OSError as e:\n  print(e.errno)"),
              std::to_string(ENOSPC) + "\n");
    disk->set({.full = false, .broken = true, .delay = {}});
    EXPECT_EQ(disk.python("try:\n  os.fsync(os.open('a', 0))\nexcept OSError as e:\n"
                          "  print(e.errno)"),
              std::to_string(EIO) + "\n");
    disk->set({});
    EXPECT_EQ(disk.shell("echo c >> a; cat a"), "a\nc\n");
    EXPECT_EQ(disk->suffered().refused, 3U);
  });
}

TEST(FaultyDisk, IsSlowUntilItIsNot) {
  on_a_disk([](Scene& disk) {
    disk->set({.full = false, .broken = false, .delay = std::chrono::milliseconds(100)});
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(disk.shell("echo a > a; cat a"), "a\n");
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(100));
    disk->set({.full = false, .broken = false, .delay = std::chrono::hours(1)});
    std::thread healing([&] {
      sandbox::await([&] { return disk->suffered().delayed == 2; });
      disk->set({});
    });
    EXPECT_EQ(disk.shell("echo b >> a; cat a"), "a\nb\n");
    healing.join();
  });
}

TEST(FaultyDisk, FailsWhatWaitsWhenItGoes) {
  on_a_disk([](Scene& disk) {
    auto process = sandbox::start_and_await_line(
        disk.sandbox(), kNode, "cd " + disk.data() + "; echo; while echo x >> a; do :; done");
    sandbox::await([&] { return fs::exists(disk.data() + "/a"); });
    EXPECT_TRUE(disk.sandbox().kill_all(kNode).ok());
    EXPECT_TRUE(disk->cut_power(Cut::TearLast).ok());
    EXPECT_EQ(disk.shell("echo; ls"), "\na\n");
  });
}

TEST(FaultyDisk, OfOneNodeIsNotAnothers) {
  on_a_disk([](Scene& disk) {
    EXPECT_EQ(disk.shell("echo here > a"), "");
    EXPECT_EQ(sandbox::output_of(disk.sandbox(), sandbox::kClients,
                                 "grep -c seaworthy /proc/self/mounts"),
              "0\n");
    EXPECT_EQ(disk.shell("grep -c seaworthy /proc/self/mounts"), "1\n");
  });
}

}  // namespace
}  // namespace check::faultfs
