// SPDX-License-Identifier: Apache-2.0
// The power of all servers goes at once, again and again: each time the cluster comes back by
// itself with all that it promised, and goes on. Counted is only what struck servers of which all
// were up, and which had done something new since the time before.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "sim/world.h"

namespace sim {
namespace {

constexpr std::uint64_t kEvents = 12'000;

// The presets with sanitizers set ROUNDS: all takes ten times as long there.
std::uint64_t wanted() { return std::getenv("ROUNDS") == nullptr ? 1'000 : 100; }

class Counter {
 public:
  explicit Counter(const World& world) : world_(world) {}

  // A blackout cuts servers one after the other, from the first on, in the same moment.
  void before(const Action& action) {
    if (action.kind != ActionKind::Crash) return;
    const Cluster& cluster = world_.cluster();
    const std::size_t done = cluster.judges().applied().size();
    if (action.node.value == 1) {
      began_us_ = world_.now_us();
      next_ = done > done_ && all_up() ? 1 : cluster.size() + 1;
    }
    if (action.node.value != next_ || world_.now_us() != began_us_) return;
    next_ += 1;
    if (next_ <= cluster.size()) return;
    blackouts_ += 1;
    done_ = done;
  }

  std::uint64_t blackouts() const { return blackouts_; }
  std::size_t done() const { return done_; }  // At the last one.

 private:
  bool all_up() const {
    for (std::uint32_t id = 1; id <= world_.cluster().size(); ++id) {
      if (!world_.cluster().is_up({id})) return false;
    }
    return true;
  }

  const World& world_;
  std::uint64_t began_us_ = 0;
  std::uint32_t next_ = 1;  // Whose power goes next, if this is one.
  std::size_t done_ = 0;    // Entries that anybody had applied.
  std::uint64_t blackouts_ = 0;
};

// Faults as in any run, but most of them this one.
Options with_blackouts(std::uint64_t seed, std::uint64_t mapped) {
  Options options = draw(seed, 3 + 2 * (seed % 2), kEvents);
  options.setup.mapped = mapped;
  options.blackout_weight = 100;
  options.trouble_every = 200'000;
  options.trouble_max = 60'000;
  options.damage_weight = 0;  // What nobody else has, nobody can bring back.
  return options;
}

// Runs until so many blackouts were survived; a run that is wrong ends it.
void survive(std::uint64_t mapped) {
  std::uint64_t blackouts = 0;
  std::uint64_t seed = 0;
  while (blackouts < wanted()) {
    ASSERT_LE(++seed, wanted()) << "too few blackouts: " << blackouts;
    World world(with_blackouts(seed, mapped));
    Counter counter(world);
    world.cluster().set_watch({[&counter](const Action& action) { counter.before(action); }, {}});
    world.run();
    ASSERT_FALSE(world.violation()) << "seed " << seed << ": " << world.violation()->sentence;
    ASSERT_EQ(world.verdict(), check::verdict::Verdict::Valid)
        << "seed " << seed << ": " << world.unknown();
    ASSERT_GE(world.cluster().coverage().count(Probe::AllDown), counter.blackouts());
    if (counter.blackouts() == 0) continue;
    ASSERT_GT(world.cluster().judges().applied().size(), counter.done()) << "seed " << seed;
    blackouts += counter.blackouts();
  }
  std::cout << blackouts << " blackouts in " << seed << " runs\n";
}

TEST(Blackout, OfAllServersLosesNothingWithSegments) { survive(0); }
TEST(Blackout, OfAllServersLosesNothingWithMappedFiles) { survive(~std::uint64_t{0}); }

}  // namespace
}  // namespace sim
