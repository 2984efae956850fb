// SPDX-License-Identifier: Apache-2.0
// What a rule's action comes to, told by a network of three hosts on which no system runs.
#include "check/faults/rule_strikes.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "check/sandbox/sandbox.h"

namespace check::faults {
namespace {

using history::NodeId;
using plan::ActionKind;

// No programs, and no clients; who belongs to it nobody decides.
struct Bare final : cluster::Hosts, cluster::RaftClusterConfig, cluster::Membership, Clients {
  std::uint32_t nodes() const override { return 3; }
  std::string address(NodeId) const override { return {}; }
  std::string name(NodeId) const override { return {}; }
  std::string directory(NodeId) const override { return {}; }
  base::Status start(NodeId, const cluster::Command&) override { return base::Done{}; }
  base::Status stop(NodeId, std::uint32_t) override { return base::Done{}; }
  base::Status kill(NodeId) override { return base::Done{}; }
  bool running(NodeId) const override { return false; }
  base::Status empty(NodeId) override { return base::Done{}; }
  std::string name() const override { return "none"; }
  std::string version() const override { return {}; }
  base::Status start(NodeId) override { return base::Done{}; }
  base::Status stop(NodeId) override { return base::Done{}; }
  bool ready(NodeId) override { return false; }
  base::Result<cluster::NodeStatus> status(NodeId) override { return cluster::NodeStatus{}; }
  std::unique_ptr<cluster::RaftClient> create_client() override { return nullptr; }
  cluster::Membership* membership() override { return this; }
  base::Status add(NodeId, std::chrono::milliseconds limit) override { return wait(limit); }
  base::Status remove(NodeId, std::chrono::milliseconds limit) override { return wait(limit); }
  base::Result<std::string> transfer(NodeId, std::chrono::milliseconds) override {
    return std::string();
  }
  static base::Status wait(std::chrono::milliseconds limit) {
    std::this_thread::sleep_for(limit);
    return base::Error{base::ErrorCode::Timeout, "there is no majority"};
  }
  bool rest() override { return true; }
  void go_on() override {}
};

struct World {
  World() {
    auto made = sandbox::Sandbox::create(3);
    CHECK(made.ok(), made.error().message);
    hosts = std::move(made).value();
    auto started = monitor::RaftMonitor::start(*hosts, {});
    CHECK(started.ok(), started.error().message);
    monitor = std::move(started).value();
    auto opened = LinkProbe::open(*hosts);
    CHECK(opened.ok(), opened.error().message);
    probe = std::move(opened).value();
    network = std::make_unique<NetworkFaults>(*hosts, *monitor, *probe);
    processes = std::make_unique<ProcessFaults>(*hosts, bare, bare);
    strikes = std::make_unique<RuleStrikes>(
        Surroundings{clock, stop, *network, *processes, bare, [] { return std::nullopt; },
                     [](const FaultRecord&) {}},
        1000);
  }

  // What was done, and seen of it.
  std::string carry_out(const rules::Step& step) const {
    Unconfirmed unconfirmed;
    const auto done = strikes->carry_out(step, unconfirmed);
    if (!done.ok()) return "failed: " + done.error().message;
    for (const auto& confirm : unconfirmed) {
      const auto seen = confirm();
      if (!seen.ok()) return done.value() + "; not seen: " + seen.error().message;
    }
    return done.value();
  }

  Bare bare;
  RunClock clock;
  Stop stop;
  std::unique_ptr<sandbox::Sandbox> hosts;
  std::unique_ptr<monitor::RaftMonitor> monitor;
  std::unique_ptr<LinkProbe> probe;
  std::unique_ptr<NetworkFaults> network;
  std::unique_ptr<ProcessFaults> processes;
  std::unique_ptr<RuleStrikes> strikes;
};

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

TEST(RuleStrikes, CutWhatTheRuleNames) {
  inside([] {
    World world;
    const rules::Step cut{{.kind = ActionKind::Cut}, {{1}}, {{{1}, {2}}, {{2}, {1}}}};
    EXPECT_EQ(world.carry_out(cut), "2 pairs cut");
    const rules::Step heal{{.kind = ActionKind::Heal}, {}, {}};
    EXPECT_EQ(world.carry_out(heal), "1 cuts ended");
  });
}

// "cut leader n1" while n1 leads: a run that counts on the cut proves nothing.
TEST(RuleStrikes, DoNotCountACutOfANodeFromItself) {
  inside([] {
    World world;
    const rules::Step cut{{.kind = ActionKind::Cut}, {{1}}, {}};
    EXPECT_EQ(world.carry_out(cut), "failed: there are no two different nodes to part");
  });
}

// Two answers of one node, and each kills it and starts it: the second kill must not hit what the
// first has started, unseen.
TEST(RuleStrikes, OfTwoFiringsOneHasItsTurnWithANodeAfterTheOther) {
  inside([] {
    World world;
    std::mutex mutex;
    std::vector<std::string> order;
    const auto note = [&](const char* what) {
      const std::lock_guard lock(mutex);
      order.emplace_back(what);
    };
    world.strikes->take_turn({{1}, {2}});
    world.strikes->take_turn({{3}});  // Of other nodes at once.
    std::thread second([&] {
      note("second wants");
      world.strikes->take_turn({{2}, {3}});
      note("second begins");
      world.strikes->end_turn({{2}, {3}});
    });
    world.strikes->end_turn({{3}});
    for (bool wants = false; !wants; std::this_thread::yield()) {
      const std::lock_guard lock(mutex);
      wants = !order.empty();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // Time to go wrong in.
    note("first ends");
    world.strikes->end_turn({{1}, {2}});
    second.join();
    EXPECT_EQ(order, (std::vector<std::string>{"second wants", "first ends", "second begins"}));
  });
}

TEST(MemberFaults, DoNotKeepARunThatIsToEnd) {
  inside([] {
    World world;
    MemberFaults faults({*world.hosts, world.bare, world.bare, [](NodeId) {}, world.stop});
    const auto begun = std::chrono::steady_clock::now();
    world.stop.request("Ctrl-C");
    const auto removed = faults.remove({{1}});
    ASSERT_FALSE(removed.ok());
    EXPECT_EQ(removed.error().message, "n1 was not removed: the run was to end: Ctrl-C");
    EXPECT_FALSE(faults.heal_all(std::chrono::seconds(20)).ok());
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
  });
}

}  // namespace
}  // namespace check::faults
