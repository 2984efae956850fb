// SPDX-License-Identifier: Apache-2.0
#include "check/run/run_directory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <thread>

namespace check::run {
namespace {

// Threads have the same process number, as checks in sandboxes of their own may.
TEST(LinkLatest, OfRunsThatBeginAtOnceLeadsToOneOfThem) {
  std::string folder = "/tmp/run_directory_test.XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::array names{"one", "other"};
  std::array<std::string, names.size()> complaints;
  std::array<std::thread, names.size()> threads;
  for (std::size_t i = 0; i < names.size(); ++i) {
    threads[i] = std::thread([&, i] {
      const auto run = RunDirectory::create(folder + "/" + names[i], 1);
      ASSERT_TRUE(run.ok()) << run.error().message;
      for (int again = 0; again < 2000 && complaints[i].empty(); ++again) {
        const base::Status linked = link_latest(run.value());
        if (!linked.ok()) complaints[i] = linked.error().message;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& complaint : complaints) EXPECT_EQ(complaint, "");
  const std::string target = std::filesystem::read_symlink(folder + "/latest").string();
  EXPECT_TRUE(target == names[0] || target == names[1]) << target;
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace check::run
