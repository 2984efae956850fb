// SPDX-License-Identifier: Apache-2.0
// Programs on hosts: started, stopped, killed, one by one and all of a host.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include "check/sandbox/fd.h"
#include "check/sandbox/sandbox.h"
#include "check/sandbox/testing.h"

namespace check::sandbox {
namespace {

constexpr NodeId kOne{1};
constexpr NodeId kTwo{2};

std::string error_of(Sandbox& sandbox, const Program& program) {
  const auto process = sandbox.start(kOne, program);
  return process.ok() ? "started" : process.error().message;
}

TEST(Process, ThatCannotBeExecutedSaysWhy) {
  inside([] {
    const auto sandbox = make(1);
    const std::vector<std::string> path{"PATH=/usr/bin:/bin"};
    EXPECT_EQ(error_of(*sandbox, {{"no-such-thing"}, path, "/", -1}),
              "no such program: no-such-thing (looked in /usr/bin:/bin)");
    EXPECT_EQ(error_of(*sandbox, {{"/no/such/thing"}, path, "/", -1}),
              "no such program: /no/such/thing");
    EXPECT_EQ(error_of(*sandbox, {{"/etc/hosts"}, path, "/", -1}),
              "cannot execute /etc/hosts: Permission denied");
    EXPECT_EQ(error_of(*sandbox, {{"true"}, path, "/no/such/folder", -1}),
              "cannot change to the working directory /no/such/folder: No such file or directory");
    EXPECT_EQ(error_of(*sandbox, {{}, path, "/", -1}), "no program to start on n1");
    EXPECT_EQ(error_of(*sandbox, {{"true"}, path, "/", -1}), "started");
  });
}

TEST(Process, HasNothingOfTheChecker) {
  inside([] {
    ::setenv("SECRET", "1", 1);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGUSR1, SIG_IGN);
    const Fd leak(::open("/etc/passwd", O_RDONLY));  // Without CLOEXEC.
    const auto sandbox = make(1);
    EXPECT_EQ(output_of(*sandbox, kOne, "echo $SECRET; pwd"), "\n/\n");
    EXPECT_EQ(output_of(*sandbox, kOne, "readlink /proc/self/fd/0; ls /proc/self/fd"),
              "/dev/null\n0\n1\n2\n3\n");  // 3 is what `ls` itself has opened.
    EXPECT_EQ(output_of(*sandbox, kOne, "grep -E 'SigIgn|SigBlk' /proc/self/status"),
              "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  });
}

TEST(Process, TellsHowItEnded) {
  inside([] {
    const auto sandbox = make(1);
    auto first = sandbox->start(kOne, shell("exit 3", -1));
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(await_exit(*first.value()), (ExitStatus{false, 3}));
    EXPECT_EQ(first.value()->exited(), (ExitStatus{false, 3}));  // It can be asked again.
    auto second = sandbox->start(kOne, shell("sleep 1000", -1));
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(second.value()->exited(), std::nullopt);
    second.value()->signal(SIGTERM);
    EXPECT_EQ(await_exit(*second.value()), (ExitStatus{true, SIGTERM}));
  });
}

TEST(Process, IsGoneWithItsObject) {
  inside([] {
    const auto sandbox = make(1);
    auto process = sandbox->start(kOne, shell("sleep 1000", -1));
    ASSERT_TRUE(process.ok());
    const pid_t pid = process.value()->pid();
    EXPECT_EQ(::kill(pid, 0), 0);
    { const auto ended = std::move(process).value(); }
    EXPECT_EQ(::kill(pid, 0), -1);
  });
}

TEST(Process, MayOutliveTheSandbox) {
  inside([] {
    auto sandbox = make(1);
    auto process = sandbox->start(kOne, shell("sleep 1000", -1));
    ASSERT_TRUE(process.ok());
    sandbox.reset();
    EXPECT_EQ(process.value()->exited(), (ExitStatus{true, SIGKILL}));
  });
}

// Processes that left their session and parent, are stopped, or ignore signals.
std::unique_ptr<Process> start_family(Sandbox& sandbox, NodeId node) {
  auto process = start_and_await_line(
      sandbox, node,
      "(setsid sleep 2001 & ) ; (sh -c 'kill -STOP $$; sleep 2002' & ) ; (trap '' TERM INT HUP; "
      "sleep 2003) & echo ready; sleep 2004");
  await([] {
    return commands_running("sleep 200") == 3 && commands_running("sh -c kill -STOP") == 1;
  });
  return process;
}

TEST(KillAll, LeavesNoProcessOfAnyKind) {
  inside([] {
    const auto sandbox = make(2);
    const auto family = start_family(*sandbox, kOne);
    const auto other = start_and_await_line(*sandbox, kTwo, "echo ready; sleep 1000");
    const base::Status killed = sandbox->kill_all(kOne);
    ASSERT_TRUE(killed.ok()) << killed.error().message;
    EXPECT_EQ(family->exited(), (ExitStatus{true, SIGKILL}));
    EXPECT_EQ(commands_running("sleep 200"), 0);
    EXPECT_EQ(commands_running("sh -c kill -STOP"), 0);
    EXPECT_EQ(other->exited(), std::nullopt);
    EXPECT_EQ(output_of(*sandbox, kOne, "hostname"), "n1\n");  // The host goes on.
    EXPECT_TRUE(sandbox->kill_all(kOne).ok());                 // Also when nothing is there.
  });
}

TEST(KillAll, EndsAProgramThatKeepsForking) {
  inside([] {
    const auto sandbox = make(1);
    const auto bomb =
        start_and_await_line(*sandbox, kOne,
                             "f() { [ $1 = 0 ] && echo ready; while :; do (setsid sleep 1000 &); "
                             "sleep 0.01; done; }; f 1 & f 2 & f 0");
    const base::Status killed = sandbox->kill_all(kOne);
    ASSERT_TRUE(killed.ok()) << killed.error().message;
    EXPECT_EQ(commands_running("sleep"), 0);
  });
}

TEST(KillAll, EndsAHostThatIsPaused) {
  inside([] {
    const auto sandbox = make(1);
    const auto family = start_family(*sandbox, kOne);
    ASSERT_TRUE(sandbox->pause_all(kOne).ok());
    ASSERT_TRUE(sandbox->kill_all(kOne).ok());
    EXPECT_EQ(family->exited(), (ExitStatus{true, SIGKILL}));
  });
}

TEST(PauseAll, StopsEveryThreadUntilResumed) {
  inside([] {
    const auto sandbox = make(1);
    const auto counter =
        start_and_await_line(*sandbox, kOne, "echo ready; while :; do echo x; done > /run/out");
    const auto daemon = start_and_await_line(*sandbox, kOne, "(setsid sleep 1000 &); echo ready");
    const base::Status paused = sandbox->pause_all(kOne);
    ASSERT_TRUE(paused.ok()) << paused.error().message;
    EXPECT_EQ(state_of(counter->pid()), 'T');
    EXPECT_EQ(counter->exited(), std::nullopt);  // A stop is no end.
    const base::Status resumed = sandbox->resume_all(kOne);
    ASSERT_TRUE(resumed.ok()) << resumed.error().message;
    EXPECT_NE(state_of(counter->pid()), 'T');
  });
}

TEST(PauseAll, OfOneHostDoesNotHoldUpAnother) {
  inside([] {
    const auto sandbox = make(2);
    std::atomic<int> failures = 0;
    const auto torment = [&](NodeId node) {
      for (int round = 0; round < 20; ++round) {
        auto process = sandbox->start(node, shell("sleep 1000", -1));
        if (!process.ok() || !sandbox->pause_all(node).ok() || !sandbox->resume_all(node).ok() ||
            !sandbox->kill_all(node).ok()) {
          ++failures;
        }
      }
    };
    std::thread first(torment, kOne);
    std::thread second(torment, kTwo);
    first.join();
    second.join();
    EXPECT_EQ(failures, 0);
  });
}

}  // namespace
}  // namespace check::sandbox
