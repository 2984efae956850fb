// SPDX-License-Identifier: Apache-2.0
// Programs of the machine whose clocks are wrong.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>

#include "check/clock/clocks.h"
#include "check/clock/traced.h"
#include "check/clock/vdso.h"
#include "check/sandbox/testing.h"
#include "check/trap/supervisor.h"

namespace check::clock {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr history::NodeId kNode{1};
constexpr double kPatienceS = 30;  // Of a machine that has no time for us.

// A line with wall clock, gettimeofday, time and monotonic clock every 10 ms.
constexpr const char* kTellsTheTime = R"(
import ctypes, time
libc = ctypes.CDLL(None)
libc.time.restype = ctypes.c_long
class Timeval(ctypes.Structure):
  _fields_ = [('s', ctypes.c_long), ('us', ctypes.c_long)]
of_day = Timeval()
while True:
  libc.gettimeofday(ctypes.byref(of_day), None)
  print(time.time(), of_day.s + of_day.us / 1e6, libc.time(None), time.monotonic(), flush=True)
  time.sleep(0.01)
)";

struct Line {
  double wall = 0;
  double of_day = 0;
  double seconds = 0;
  double monotonic = 0;
};

double now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// A node's program, whose output is read.
class Scene {
 public:
  Scene() : sandbox_(sandbox::make(1)) {
    auto clocks = Clocks::make(1);
    CHECK(clocks.ok(), clocks.error().message);
    clocks_ = std::move(clocks).value();
  }

  base::Status start(const std::vector<std::string>& words,
                     trap::Supervisor* supervisor = nullptr) {
    std::array<int, 2> ends{};
    CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0);
    out_ = sandbox::Fd(ends[0]);
    sandbox::Fd in(ends[1]);
    sandbox::Program program{words, {"PATH=/usr/bin:/bin"}, "/", in.get()};
    clocks_->prepare(kNode, program);
    if (supervisor != nullptr) program.filter = supervisor->filter();
    TRY(process_, sandbox_->start(kNode, program));
    if (supervisor != nullptr) {
      TRY([[maybe_unused]] auto attended, supervisor->attend(kNode, *process_));
    }
    return clocks_->attach(kNode, *process_);
  }

  std::string text() {
    std::string line;
    char c = 0;
    while (::read(out_.get(), &c, 1) == 1 && c != '\n') line += c;
    return line;
  }
  Line line() {
    Line line;
    std::istringstream words(text());
    words >> line.wall >> line.of_day >> line.seconds >> line.monotonic;
    return line;
  }
  // Lines until one's wall clock is so much ahead of ours; that one.
  Line line_ahead(double ahead) {
    const double limit = now(CLOCK_MONOTONIC) + kPatienceS;
    while (now(CLOCK_MONOTONIC) < limit) {
      const Line seen = line();
      if (std::abs(seen.wall - now(CLOCK_REALTIME) - ahead) < kPatienceS) return seen;
    }
    ADD_FAILURE() << "the clock never was " << ahead << " s ahead";
    return {};
  }

  NodeClock& clock() { return clocks_->of(kNode); }
  Clocks& clocks() { return *clocks_; }
  sandbox::Sandbox& sandbox() { return *sandbox_; }

 private:
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<Clocks> clocks_;
  sandbox::Fd out_;
  std::unique_ptr<sandbox::Process> process_;
};

// Where ptrace(2) is forbidden there is nothing to try.
#define SKIP_WHERE_IMPOSSIBLE                                     \
  do {                                                            \
    const base::Status possible = probe();                        \
    if (!possible.ok()) GTEST_SKIP() << possible.error().message; \
  } while (false)

TEST(Clock, JumpsWhileTheProgramRuns) {
  SKIP_WHERE_IMPOSSIBLE;
  sandbox::inside([] {
    Scene scene;
    const auto started = scene.start({"python3", "-c", kTellsTheTime});
    ASSERT_TRUE(started.ok()) << started.error().message;
    scene.line_ahead(0);
    scene.clock().jump(hours(1));
    const Line ahead = scene.line_ahead(3600);
    EXPECT_NEAR(ahead.of_day, ahead.wall, kPatienceS);
    EXPECT_NEAR(ahead.seconds, ahead.wall, kPatienceS);
    EXPECT_NEAR(ahead.monotonic, now(CLOCK_MONOTONIC), kPatienceS);
    EXPECT_TRUE(scene.clocks().confirm(kNode).ok());
    EXPECT_GT(scene.clock().readings(), 3U);
    scene.clock().jump(-hours(2));
    scene.line_ahead(-3600);
    scene.clock().set_right();
    scene.line_ahead(0);
  });
}

TEST(Clock, DriftsWhileTheProgramRuns) {
  SKIP_WHERE_IMPOSSIBLE;
  sandbox::inside([] {
    Scene scene;
    const auto started = scene.start({"python3", "-c", kTellsTheTime});
    ASSERT_TRUE(started.ok()) << started.error().message;
    scene.clock().drift(500'000);
    scene.line();
    // Over more than 0.2 s of the monotonic clock: half as fast again. Some lines may be old.
    Line first = scene.line();
    for (int k = 0; k < 5; ++k) first = scene.line();
    Line last = first;
    while (last.monotonic < first.monotonic + 0.2) last = scene.line();
    EXPECT_NEAR((last.wall - first.wall) / (last.monotonic - first.monotonic), 1.5, 0.3);
    scene.clock().drift(0);
    const nanoseconds kept = scene.clock().ahead();
    EXPECT_GT(kept, milliseconds(100));
    EXPECT_EQ(scene.clock().ahead(), kept);
  });
}

TEST(Clock, IsKeptOverARestart) {
  SKIP_WHERE_IMPOSSIBLE;
  sandbox::inside([] {
    Scene scene;
    scene.clock().jump(seconds(7200));
    for (int time = 0; time < 2; ++time) {
      ASSERT_TRUE(scene.start({"date", "+%s"}).ok());
      EXPECT_NEAR(std::stod(scene.text()), now(CLOCK_REALTIME) + 7200, kPatienceS);
    }
  });
}

TEST(Clock, GoesTogetherWithTrappedCalls) {
  SKIP_WHERE_IMPOSSIBLE;
  const base::Status trapped = trap::probe();
  if (!trapped.ok()) GTEST_SKIP() << trapped.error().message;
  sandbox::inside([] {
    Scene scene;
    trap::Supervisor supervisor(
        trap::kSyncs, [](history::NodeId) { return "/tmp"; },
        [&scene](history::NodeId node) { return scene.sandbox().kill_all(node); });
    scene.clock().jump(hours(1));
    const auto started = scene.start(
        {"python3", "-c", "import os, time\nos.fsync(os.open('/tmp', 0))\nprint(time.time())"},
        &supervisor);
    ASSERT_TRUE(started.ok()) << started.error().message;
    EXPECT_NEAR(std::stod(scene.text()), now(CLOCK_REALTIME) + 3600, kPatienceS);
    EXPECT_EQ(supervisor.counted(kNode, trap::Call::Fsync), 1U);
  });
}

TEST(Clock, OfAnotherProgramInItsPlaceIsNotTaken) {
  SKIP_WHERE_IMPOSSIBLE;
  sandbox::inside([] {
    Scene scene;
    const auto started = scene.start(
        {"sh", "-c", "exec python3 -c 'import time\nprint(1, flush=True)\ntime.sleep(60)'"});
    ASSERT_TRUE(started.ok()) << started.error().message;
    EXPECT_EQ(scene.text(), "1");
    const base::Status same = scene.clocks().confirm(kNode);
    ASSERT_FALSE(same.ok());
    EXPECT_NE(same.error().message.find("another one by now"), std::string::npos);
  });
}

// Null: there is none.
const char* own_image() {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel tells addresses as numbers.
  return reinterpret_cast<const char*>(::getauxval(AT_SYSINFO_EHDR));
}

TEST(Vdso, OfThisProcessHasTheFunctions) {
  const char* image = own_image();
  if (image == nullptr) GTEST_SKIP() << "no vDSO";
  const std::string_view whole(image, kPageBytes);
  const auto found = find_clock_functions(whole);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_GT(found.value().clock_gettime, 0U);
}

TEST(Vdso, ThatIsBrokenIsRefused) {
  const char* image = own_image();
  if (image == nullptr) GTEST_SKIP() << "no vDSO";
  const std::string whole(image, kPageBytes);
  for (std::size_t size = 0; size < 700; ++size) {
    (void)find_clock_functions(std::string_view(whole).substr(0, size));
    std::string changed = whole;
    changed[size] = static_cast<char>(changed[size] ^ 0x55);
    (void)find_clock_functions(changed);
  }
  EXPECT_FALSE(find_clock_functions("").ok());
  EXPECT_FALSE(find_clock_functions(std::string(5000, 'x')).ok());
}

// Such as one that is stuck before it executes anything.
TEST(Traced, IsNotWaitedForWithoutEnd) {
  const pid_t child = ::fork();
  if (child == 0) {
    while (true) ::pause();
  }
  const auto traced = Traced::wait_for(child, milliseconds(50));
  EXPECT_FALSE(traced.ok());
  if (!traced.ok()) {
    EXPECT_EQ(traced.error().message, "a program that was just started did not stop within 50 ms");
  }
  ::kill(child, SIGKILL);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

}  // namespace
}  // namespace check::clock
