// SPDX-License-Identifier: Apache-2.0
#include "os/clock.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>
#include <fstream>

namespace os {
namespace {

#ifndef CLONE_NEWTIME
constexpr int CLONE_NEWTIME = 0x80;
#endif
constexpr int kCannot = 77;
constexpr std::chrono::seconds kAsleep(1000);
constexpr std::chrono::seconds kJitter(10);

std::chrono::nanoseconds monotonic() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// In a process of its own: for its children the machine was asleep for so long.
int child_after_sleep() {
  const auto awake = steady_now() - monotonic();
  if (unshare(CLONE_NEWUSER | CLONE_NEWTIME) != 0) return kCannot;
  std::ofstream offsets("/proc/self/timens_offsets");
  if (!(offsets << "boottime " << kAsleep.count() << " 0" << std::flush)) return kCannot;
  const pid_t child = fork();
  if (child == 0) _exit(steady_now() - monotonic() - awake > kAsleep - kJitter ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

// A lease that outlives the sleep of its machine is none.
TEST(SteadyClock, CountsTheTimeInWhichTheMachineSlept) {
  const pid_t child = fork();
  if (child == 0) _exit(child_after_sleep());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kCannot) GTEST_SKIP() << "no time namespaces here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace os
