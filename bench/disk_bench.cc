// SPDX-License-Identifier: Apache-2.0
// What a node pays for a disk that can be struck: the same program, writing and syncing one file,
// as it is, with its syncs trapped, and with its data directory on a faulty disk.
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "check/faultfs/faulty_disk.h"
#include "check/sandbox/sandbox.h"
#include "check/trap/supervisor.h"

namespace {

using check::sandbox::NodeId;
using check::sandbox::Sandbox;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr NodeId kNode{1};
constexpr std::size_t kRounds = 2000;
constexpr std::size_t kBytes = 512;

template <class Action>
double timed(Action action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return Microseconds(std::chrono::steady_clock::now() - begin).count();
}

std::string line(const std::string& what, std::vector<double> times) {
  std::ranges::sort(times);
  return fmt::format("{:44} p50 {:8.2f} us  p99 {:8.2f} us  best {:8.2f} us\n", what,
                     times[times.size() / 2], times[times.size() * 99 / 100], times.front());
}

// The program on the node.
int write_and_sync(const std::string& path, const std::string& how) {
  const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) return 1;
  const std::array<char, kBytes> block{};
  std::vector<double> writes;
  std::vector<double> syncs;
  for (std::size_t k = 0; k < kRounds; ++k) {
    const auto at = static_cast<off_t>(k * kBytes);
    writes.push_back(timed([&] { (void)!::pwrite(file, block.data(), block.size(), at); }));
    syncs.push_back(timed([&] { ::fdatasync(file); }));
  }
  fmt::print("{}{}", line("pwrite of 512 bytes, " + how, writes), line("fdatasync, " + how, syncs));
  std::fflush(stdout);
  return 0;
}

struct Scene {
  Sandbox& sandbox;
  std::string folder;
};

void run(const Scene& scene, const std::string& how, check::trap::Supervisor* supervisor) {
  check::sandbox::Program program{.words = {"/proc/self/exe", scene.folder + "/data/file", how},
                                  .environment = {},
                                  .directory = "/",
                                  .output_fd = STDOUT_FILENO};
  if (supervisor != nullptr) program.filter = supervisor->filter();
  auto process = scene.sandbox.start(kNode, program);
  if (!process.ok()) return;
  if (supervisor != nullptr) (void)supervisor->attend(kNode, *process.value());
  while (!process.value()->exited()) ::usleep(1000);
}

int measure(const std::string& base) {
  auto sandbox = Sandbox::create(1);
  if (!sandbox.ok()) return 1;
  const Scene scene{*sandbox.value(), base + "/disk-bench"};
  (void)::mkdir(scene.folder.c_str(), 0700);
  (void)::mkdir((scene.folder + "/data").c_str(), 0700);
  run(scene, "plain", nullptr);
  check::trap::Supervisor supervisor(
      check::trap::kSyncs, [&](NodeId) { return scene.folder + "/data"; },
      [&](NodeId node) { return scene.sandbox.kill_all(node); });
  run(scene, "trapped, nothing armed", &supervisor);
  (void)supervisor.arm(kNode, {check::trap::kSyncs, "*", 1'000'000'000}, {}, nullptr);
  run(scene, "trapped, armed: its path is read", &supervisor);
  const auto disk = check::faultfs::FaultyDisk::make(scene.sandbox, kNode, scene.folder + "/data",
                                                     scene.folder + "/undo");
  if (disk.ok()) {
    run(scene, "faulty disk", nullptr);
  } else {
    fmt::print("faulty disk: {}\n", disk.error().message);
  }
  return 0;
}

}  // namespace

// disk_bench [DIRECTORY]: where to write; the default is a file system in memory, so that the
// disk's own time does not hide what is added.
// NOLINTNEXTLINE(bugprone-exception-escape): a benchmark may die of what it did not expect.
int main(int count, char** words) {
  if (count == 3) return write_and_sync(words[1], words[2]);
  const std::string base = count == 2 ? words[1] : "/tmp";
  const auto support = check::sandbox::probe();
  if (!support.ok()) {
    fmt::print(stderr, "{}\n", support.error().message);
    return 1;
  }
  const auto code = check::sandbox::contain(support.value(), [&] { return measure(base); });
  return code.ok() ? code.value() : 1;
}
