// SPDX-License-Identifier: Apache-2.0
// A program writes and syncs a file, line by line telling how each call went, and is struck.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "check/sandbox/sandbox.h"
#include "check/sandbox/testing.h"
#include "check/trap/supervisor.h"

namespace check::trap {
namespace {

constexpr NodeId kNode{1};

// Writes eight bytes and syncs them, six times; the output has one letter for each call: `.`, or
// the first of the error's name.
constexpr const char* kSixSyncs = R"(
import errno, os, threading
log = os.open('wal/log', os.O_CREAT | os.O_RDWR)
other = os.open('other', os.O_CREAT | os.O_RDWR)
letters = []
def attempt(call):
  try:
    call()
    letters.append('.')
  except OSError as error:
    letters.append(errno.errorcode[error.errno][1])
def six():
  for i in range(6):
    os.fsync(other)
    attempt(lambda: os.pwrite(log, b'abcdefgh', 8 * i))
    attempt(lambda: os.fdatasync(log))
work = threading.Thread(target=six)  # Not the thread the filter was given to.
work.start()
work.join()
print(''.join(letters), flush=True)
)";

std::string fresh_folder() {
  std::string path = "/tmp/seaworthy-trap-XXXXXX";
  EXPECT_NE(::mkdtemp(path.data()), nullptr);
  return path;
}

// A node with a data directory, its program, and what struck it.
class Scene {
 public:
  explicit Scene(Calls trapped)
      : sandbox_(sandbox::make(1)),
        folder_(fresh_folder()),
        supervisor_(
            std::move(trapped), [this](NodeId) { return folder_.string(); },
            [this](NodeId node) { return sandbox_->kill_all(node); }) {
    std::filesystem::create_directories(folder_ / "wal");
  }
  ~Scene() {
    process_.reset();
    std::filesystem::remove_all(folder_);
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  std::uint64_t arm(const SyscallPoint& point, const Action& action) {
    const auto id = supervisor_.arm(kNode, point, action, [this](const Strike& strike) {
      const std::lock_guard lock(mutex_);
      strikes_.push_back(strike.observed);
    });
    EXPECT_TRUE(id.ok());
    return id.ok() ? id.value() : 0;
  }

  // All that the program prints until its end.
  std::string run(const char* program = kSixSyncs) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    sandbox::Fd out(ends[0]);
    sandbox::Fd in(ends[1]);
    sandbox::Program python{{"python3", "-c", program}, {"PATH=/usr/bin:/bin"}, folder_, in.get()};
    python.filter = supervisor_.filter();
    auto process = sandbox_->start(kNode, python);
    EXPECT_TRUE(process.ok()) << process.error().message;
    in.close();
    process_ = std::move(process).value();
    EXPECT_TRUE(supervisor_.attend(kNode, *process_).ok());
    std::string text;
    std::array<char, 512> part{};
    for (ssize_t size = 0; (size = ::read(out.get(), part.data(), part.size())) > 0;) {
      text.append(part.data(), static_cast<std::size_t>(size));
    }
    return text;
  }

  std::vector<std::string> strikes() {
    const std::lock_guard lock(mutex_);
    return strikes_;
  }
  std::uintmax_t log_size() const { return std::filesystem::file_size(folder_ / "wal/log"); }
  std::optional<sandbox::ExitStatus> exit() { return sandbox::await_exit(*process_); }
  Supervisor& supervisor() { return supervisor_; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::filesystem::path folder_;
  std::mutex mutex_;
  std::vector<std::string> strikes_;
  Supervisor supervisor_;
  std::unique_ptr<sandbox::Process> process_;
};

Calls all_calls() {
  Calls calls = kSyncs;
  calls.insert(kWrites.begin(), kWrites.end());
  return calls;
}

TEST(Trap, IsPossibleHere) {
  const base::Status possible = probe();
  EXPECT_TRUE(possible.ok()) << possible.error().message;
}

TEST(Trap, UnarmedOnlyCounts) {
  sandbox::inside([] {
    Scene scene(kSyncs);
    EXPECT_EQ(scene.run(), "............\n");
    EXPECT_EQ(scene.supervisor().counted(kNode, Call::Fsync), 6U);
    EXPECT_EQ(scene.supervisor().counted(kNode, Call::Fdatasync), 6U);
    EXPECT_EQ(scene.log_size(), 48U);
  });
}

TEST(Trap, FailsTheThirdSyncOfTheFileThatFits) {
  sandbox::inside([] {
    Scene scene(kSyncs);
    scene.arm({kSyncs, "wal/*", 3}, {.deed = Deed::Eio});
    EXPECT_EQ(scene.run(), ".....I......\n");
    EXPECT_EQ(scene.strikes(), std::vector<std::string>{"fdatasync of wal/log failed with EIO"});
  });
}

TEST(Trap, ThatLastsGoesOnUntilDisarmed) {
  sandbox::inside([] {
    Scene scene(all_calls());
    const std::uint64_t id = scene.arm({kWrites, "wal/*", 3}, {Deed::Enospc, true, {}});
    EXPECT_EQ(scene.run(), "....N.N.N.N.\n");
    EXPECT_EQ(scene.strikes().size(), 4U);
    EXPECT_TRUE(scene.supervisor().disarm(id));
    EXPECT_FALSE(scene.supervisor().disarm(id));
    EXPECT_EQ(scene.run(), "............\n");
  });
}

TEST(Trap, LiesAboutAWrite) {
  sandbox::inside([] {
    Scene scene(all_calls());
    scene.arm({kWrites, "wal/log", 6}, {.deed = Deed::Lie});
    EXPECT_EQ(scene.run(), "............\n");
    EXPECT_EQ(scene.log_size(), 40U);
  });
}

TEST(Trap, KillsBeforeTheCallAndAfterIt) {
  sandbox::inside([] {
    Scene scene(all_calls());
    scene.arm({kWrites, "wal/log", 3}, {.deed = Deed::KillBefore});
    EXPECT_EQ(scene.run(), "");
    EXPECT_EQ(scene.exit(), (sandbox::ExitStatus{true, SIGKILL}));
    sandbox::await([&] { return scene.strikes().size() == 1; });
    EXPECT_EQ(scene.log_size(), 16U);
    std::filesystem::remove(scene.folder() / "wal/log");
    scene.arm({kWrites, "wal/log", 3}, {.deed = Deed::KillAfter});
    EXPECT_EQ(scene.run(), "");
    sandbox::await([&] { return scene.strikes().size() == 2; });
    EXPECT_EQ(scene.log_size(), 24U);
    EXPECT_EQ(scene.strikes(),
              (std::vector<std::string>{"pwrite64 of wal/log not begun, n1 killed in it",
                                        "pwrite64 of wal/log done, n1 killed in it"}));
  });
}

// A write to a file opened with O_DSYNC is a sync; past the cache it comes from aligned memory.
TEST(Trap, TakesADurableWriteForASync) {
  constexpr const char* kDirect = R"(
import mmap, os
def write(flags):
  flags |= os.O_CREAT | os.O_WRONLY
  try:
    log = os.open('wal/log', flags)
  except OSError:  # Not every file system writes past the cache.
    log = os.open('wal/log', flags & ~os.O_DIRECT)
  page = mmap.mmap(-1, 4096)
  page.write(b'x' * 4096)
  return os.pwrite(log, page, 0)
try:
  print(write(0), flush=True)
  print(write(os.O_DSYNC | os.O_DIRECT), flush=True)
except OSError as error:
  print(error.errno, flush=True)
)";
  sandbox::inside([] {
    Scene scene(kSyncs);
    scene.arm({kSyncs, "wal/*", 1}, {.deed = Deed::Eio});
    EXPECT_EQ(scene.run(kDirect), "4096\n5\n");
    EXPECT_EQ(scene.strikes(),
              std::vector<std::string>{"durable pwrite64 of wal/log failed with EIO"});
    std::filesystem::remove(scene.folder() / "wal/log");
    scene.arm({kSyncs, "wal/*", 1}, {.deed = Deed::KillAfter});
    EXPECT_EQ(scene.run(kDirect), "4096\n");
    sandbox::await([&] { return scene.strikes().size() == 2; });
    EXPECT_EQ(scene.strikes()[1], "durable pwrite64 of wal/log done, n1 killed in it");
    EXPECT_EQ(scene.log_size(), 4096U);
  });
}

// A program that syncs the pages of a mapped file makes no other sync. Its descriptor is closed.
TEST(Trap, TakesASyncOfMappedPagesForOne) {
  constexpr const char* kMapped = R"(
import mmap, os
log = os.open('wal/log', os.O_CREAT | os.O_RDWR)
os.ftruncate(log, 8192)
pages = mmap.mmap(log, 8192)
os.close(log)
try:
  pages[5000] = 7
  pages.flush(4096, 4096)
  print('synced', flush=True)
except OSError as error:
  print(error.errno, flush=True)
)";
  sandbox::inside([] {
    Scene scene(kSyncs);
    EXPECT_EQ(scene.run(kMapped), "synced\n");
    EXPECT_EQ(scene.supervisor().counted(kNode, Call::Msync), 1U);
    scene.arm({kSyncs, "wal/*", 1}, {.deed = Deed::Eio});
    EXPECT_EQ(scene.run(kMapped), "5\n");
    scene.arm({kSyncs, "wal/*", 1}, {.deed = Deed::Lie});
    EXPECT_EQ(scene.run(kMapped), "synced\n");
    for (const Deed deed : {Deed::KillBefore, Deed::KillAfter}) {
      scene.arm({kSyncs, "wal/*", 1}, {.deed = deed});
      EXPECT_EQ(scene.run(kMapped), "");
    }
    sandbox::await([&] { return scene.strikes().size() == 4; });
    EXPECT_EQ(scene.strikes(),
              (std::vector<std::string>{"msync of wal/log failed with EIO",
                                        "msync of wal/log not done, but said to be",
                                        "msync of wal/log not begun, n1 killed in it",
                                        "msync of wal/log done, n1 killed in it"}));
  });
}

TEST(Trap, CountsOverRestarts) {
  sandbox::inside([] {
    Scene scene(kSyncs);
    scene.arm({{Call::Fdatasync}, "*", 8}, {.deed = Deed::Eio});
    EXPECT_EQ(scene.run(), "............\n");
    EXPECT_EQ(scene.run(), "...I........\n");
  });
}

TEST(Trap, DelaysACall) {
  sandbox::inside([] {
    Scene scene(kSyncs);
    const auto begin = std::chrono::steady_clock::now();
    scene.arm({kSyncs, "other", 2}, {Deed::Delay, false, std::chrono::milliseconds(200)});
    EXPECT_EQ(scene.run(), "............\n");
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(200));
    EXPECT_EQ(scene.strikes().size(), 1U);
  });
}

TEST(Trap, OfAnotherDirectoryDoesNotStrike) {
  sandbox::inside([] {
    Scene scene(all_calls());
    scene.arm({kWrites, "*", 1}, {Deed::Eio, true, {}});
    EXPECT_EQ(scene.run("import os\nprint('x', flush=True)\nos.fsync(os.open('/tmp', 0))"), "x\n");
    EXPECT_TRUE(scene.strikes().empty());
  });
}

TEST(Trap, RefusesAPointOfCallsThatAreNotTrapped) {
  sandbox::inside([] {
    Scene scene(kSyncs);
    const auto id = scene.supervisor().arm(kNode, {kWrites, "*", 1}, {}, nullptr);
    ASSERT_FALSE(id.ok());
    EXPECT_EQ(id.error().message, "write is not among the trapped calls of this run");
  });
}

TEST(Trap, TakesTheRingAway) {
  sandbox::inside([] {
    Scene scene(kSyncs);
    EXPECT_EQ(scene.run("import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
                        "print(libc.syscall(425, 8, 0), ctypes.get_errno())"),
              "-1 " + std::to_string(ENOSYS) + "\n");
  });
}

TEST(Trap, WritesOfSeveralPiecesAreDoneInTheNodesPlace) {
  sandbox::inside([] {
    Scene scene(all_calls());
    scene.arm({{Call::Writev}, "*", 1}, {.deed = Deed::KillAfter});
    EXPECT_EQ(scene.run("import os\nlog = os.open('wal/log', os.O_CREAT | os.O_RDWR)\n"
                        "os.writev(log, [b'abc', b'', b'defg'])"),
              "");
    sandbox::await([&] { return scene.strikes().size() == 1; });
    std::ifstream file(scene.folder() / "wal/log");
    std::string content;
    file >> content;
    EXPECT_EQ(content, "abcdefg");
  });
}

}  // namespace
}  // namespace check::trap
