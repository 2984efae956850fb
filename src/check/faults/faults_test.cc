// SPDX-License-Identifier: Apache-2.0
// What counts as having been observed.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "check/faults/link_probe.h"
#include "check/faults/network_faults.h"
#include "check/faults/silence.h"
#include "check/monitor/raft_monitor.h"
#include "check/sandbox/sandbox.h"

namespace check::faults {
namespace {

using history::DirectedPair;
using plan::FaultKind;
using std::chrono::milliseconds;
using Pairs = NetworkFaults::Pairs;

constexpr DirectedPair kForth{{1}, {2}};
constexpr DirectedPair kBack{{2}, {1}};
constexpr DirectedPair kOther{{1}, {3}};

// Runs a test's body in a sandbox's outer namespaces.
void inside(const std::function<void()>& body) {
  static const auto support = sandbox::probe();
  ASSERT_TRUE(support.ok()) << support.error().message;
  const auto code = sandbox::contain(support.value(), [&body] {
    body();
    return ::testing::Test::HasFailure() ? 1 : 0;
  });
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_EQ(code.value(), 0) << "the contained part failed";
}

// Three hosts behind a monitor.
struct Net {
  Net() {
    auto made = sandbox::Sandbox::create(3);
    CHECK(made.ok(), made.error().message);
    hosts = std::move(made).value();
    auto started = monitor::RaftMonitor::start(*hosts, {});
    CHECK(started.ok(), started.error().message);
    monitor = std::move(started).value();
    auto opened = LinkProbe::open(*hosts);
    CHECK(opened.ok(), opened.error().message);
    probe = std::move(opened).value();
  }

  std::unique_ptr<sandbox::Sandbox> hosts;
  std::unique_ptr<monitor::RaftMonitor> monitor;
  std::unique_ptr<LinkProbe> probe;
};

std::string text(const base::Result<std::string>& result) {
  return result.ok() ? result.value() : "failed: " + result.error().message;
}

TEST(Partition, IsObservedAndHealed) {
  inside([] {
    Net net;
    NetworkFaults faults(*net.hosts, *net.monitor, *net.probe);
    EXPECT_EQ(text(faults.begin(1, FaultKind::Partition, {kForth, kBack}, {})),
              "2 of 2 probes over cut pairs failed; the packet filter drops them");
    EXPECT_EQ(text(faults.end(1)), "2 of 2 healed pairs carry probes");
  });
}

TEST(Partition, OfAPairThatCarriedNothingBeforeWasNotObserved) {
  inside([] {
    Net net;
    NetworkFaults faults(*net.hosts, *net.monitor, *net.probe);
    ASSERT_TRUE(net.hosts->cut({kForth}).ok());  // By nobody that the faults know of.
    EXPECT_EQ(text(faults.begin(1, FaultKind::Partition, {kForth, kBack}, {})),
              "failed: 1 of 2 pairs that no fault strikes carried no probe within 3000 ms");
    EXPECT_EQ(text(faults.end(1)), "2 of 2 healed pairs carry probes");
  });
}

TEST(Partition, IsToldFromTheHoldThatItIsLaidOver) {
  inside([] {
    Net net;
    NetworkFaults faults(*net.hosts, *net.monitor, *net.probe);
    EXPECT_EQ(text(faults.begin(1, FaultKind::Hold, {kForth}, {})),
              "1 of 1 probes over held pairs came to the monitor and no further");
    EXPECT_EQ(text(faults.begin(2, FaultKind::Partition, {kForth, kOther}, {})),
              "2 of 2 probes over cut pairs failed; 1 of the pairs carried none before: they were "
              "held or cut already; the packet filter drops them");
    EXPECT_EQ(text(faults.end(2)),
              "1 of 2 healed pairs carry probes; other faults strike the others");
    EXPECT_EQ(text(faults.end(1)), "1 of 1 healed pairs carry probes");
  });
}

TEST(Partition, ThatIsNotInForceIsNotSeenThroughAHold) {
  inside([] {
    Net net;
    NetworkFaults faults(*net.hosts, *net.monitor, *net.probe);
    EXPECT_TRUE(faults.begin(1, FaultKind::Hold, {kForth}, {}).ok());
    // Somebody heals every cut at once.
    const std::jthread healer([&net](const std::stop_token& over) {
      while (!over.stop_requested()) EXPECT_TRUE(net.hosts->cut({}).ok());
    });
    EXPECT_EQ(text(faults.begin(2, FaultKind::Partition, {kForth}, {})),
              "failed: the packet filter does not drop every pair that is to be cut");
  });
}

TEST(Hold, IsNotSeenThroughACut) {
  inside([] {
    Net net;
    NetworkFaults faults(*net.hosts, *net.monitor, *net.probe);
    EXPECT_TRUE(faults.begin(1, FaultKind::Partition, {kForth}, {}).ok());
    EXPECT_EQ(text(faults.begin(2, FaultKind::Hold, {kForth}, {})),
              "failed: all pairs are cut: a hold cannot be seen through a cut");
    EXPECT_EQ(text(faults.begin(3, FaultKind::Hold, {kForth, kOther}, {})),
              "1 of 1 probes over held pairs came to the monitor and no further; 1 of 2 pairs were "
              "held or cut already");
  });
}

TEST(Delay, IsObserved) {
  inside([] {
    Net net;
    NetworkFaults faults(*net.hosts, *net.monitor, *net.probe);
    EXPECT_EQ(text(faults.begin(1, FaultKind::Delay, {kForth, kOther}, milliseconds(100))),
              "2 of 2 probes took longer than 75 ms");
    EXPECT_EQ(text(faults.end(1)), "2 of 2 healed pairs carry probes");
  });
}

// A network that is late by so many looks at it.
struct Late {
  int looks_until_decided = 0;
  bool arrives = false;  // Once it is decided.
  int looks = 0;

  Trial trial() {
    return {[this]() -> base::Status {
              looks = 0;
              return base::Done{};
            },
            [this]() -> base::Result<bool> { return ++looks > looks_until_decided; },
            [this] { return std::size_t{arrives && looks > looks_until_decided ? 1U : 0U}; }};
  }
};

constexpr Patience kPatience{milliseconds(5), milliseconds(200)};

TEST(Silence, IsNotConcludedFromLateness) {
  Late late{.looks_until_decided = 50, .arrives = true};  // Ten times as late as silence is long.
  EXPECT_NE(listen(late.trial(), kPatience).value(), Heard::Nothing);
}

TEST(Silence, IsHeardBehindTheLatestProbe) {
  Late late{.looks_until_decided = 50, .arrives = false};
  EXPECT_EQ(listen(late.trial(), kPatience).value(), Heard::Nothing);
}

TEST(Silence, IsUnknownWhereNothingIsDecided) {
  Late late{.looks_until_decided = 1'000'000, .arrives = false};
  EXPECT_EQ(listen(late.trial(), kPatience).value(), Heard::Unknown);
}

}  // namespace
}  // namespace check::faults
