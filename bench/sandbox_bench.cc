// SPDX-License-Identifier: Apache-2.0
// How long it takes to build and to end a sandbox, to cut its links, and to start, pause and kill a
// program on a host. Prints each figure beside its goal.
#include <fmt/format.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "check/sandbox/sandbox.h"

namespace {

using check::sandbox::contain;
using check::sandbox::DirectedPair;
using check::sandbox::NodeId;
using check::sandbox::probe;
using check::sandbox::Process;
using check::sandbox::Program;
using check::sandbox::Sandbox;
using check::sandbox::Support;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr std::uint32_t kNodes = 5;
constexpr int kRounds = 15;
constexpr int kCuts = 500;
constexpr int kPrograms = 50;

// Of the whole machine: contained processes and the outer one read the same clock.
double now() { return Microseconds(std::chrono::steady_clock::now().time_since_epoch()).count(); }

class Figure {
 public:
  Figure(std::string name, std::string goal) : name_(std::move(name)), goal_(std::move(goal)) {}
  void add(double microseconds) { times_.push_back(microseconds); }
  void time(const std::function<void()>& action) {
    const double begin = now();
    action();
    add(now() - begin);
  }
  void print() {
    if (times_.empty()) return;
    std::ranges::sort(times_);
    fmt::print("{:44} p50 {:9.1f} us  p99 {:9.1f} us  best {:9.1f} us   goal: {}\n", name_,
               times_[times_.size() / 2], times_[times_.size() * 99 / 100], times_.front(), goal_);
  }

 private:
  std::string name_;
  std::string goal_;
  std::vector<double> times_;
};

template <class Value>
Value must(base::Result<Value> result) {
  CHECK(result.ok(), result.error().message);
  return std::move(result).value();
}

void bench_life(const Support& support) {
  Figure contained("contained run begun", "none of its own");
  Figure built("hosts built, 5 nodes", "25000 us with the line above");
  Figure gone("all gone after the end, 5 nodes", "20000 us");
  Figure removed("hosts removed, the run going on", "none of its own");
  std::array<int, 2> ends{};
  CHECK(::pipe(ends.data()) == 0);
  for (int round = 0; round < kRounds; ++round) {
    const double begin = now();
    must(contain(support, [&]() -> int {
      const double inside = now();
      auto sandbox = must(Sandbox::create(kNodes));
      const double made = now();
      double destroyed = made;
      if (round % 2 == 0) {
        sandbox.reset();
        destroyed = now();
      }
      const std::array<double, 5> times{inside - begin, made - inside, destroyed - made, now()};
      CHECK(::write(ends[1], times.data(), sizeof times) == sizeof times);
      ::_exit(0);  // Without destructors: as if the checker were killed.
    }));
    const double end = now();
    std::array<double, 5> times{};
    CHECK(::read(ends[0], times.data(), sizeof times) == sizeof times);
    contained.add(times[0]);
    built.add(times[1]);
    if (round % 2 == 0) {
      removed.add(times[2]);
    } else {
      gone.add(end - times[3]);
    }
  }
  for (Figure* figure : {&contained, &built, &gone, &removed}) figure->print();
}

void bench_cuts(Sandbox& sandbox) {
  Figure full("full partition of 5 nodes, 20 pairs", "p50 100 us");
  Figure split("split 2|3, 12 pairs", "p50 100 us");
  Figure heal("heal", "p50 100 us");
  std::set<DirectedPair> all;
  std::set<DirectedPair> halves;
  for (std::uint32_t a = 1; a <= kNodes; ++a) {
    for (std::uint32_t b = 1; b <= kNodes; ++b) {
      if (a != b) all.insert({NodeId{a}, NodeId{b}});
      if ((a <= 2) != (b <= 2)) halves.insert({NodeId{a}, NodeId{b}});
    }
  }
  for (int round = 0; round < kCuts; ++round) {
    full.time([&] { must(sandbox.cut(all)); });
    heal.time([&] { must(sandbox.cut({})); });
    split.time([&] { must(sandbox.cut(halves)); });
    heal.time([&] { must(sandbox.cut({})); });
  }
  for (Figure* figure : {&full, &split, &heal}) figure->print();
}

void bench_programs(Sandbox& sandbox) {
  Figure start("program started on a host", "p50 1000 us");
  Figure pause("host paused, observed", "p50 1000 us");
  Figure resume("host resumed, observed", "p50 1000 us");
  Figure kill("host killed, nothing left", "p50 1000 us");
  Figure counters("counters of all pairs read", "none");
  const NodeId node{1};
  for (int round = 0; round < kPrograms; ++round) {
    std::unique_ptr<Process> process;
    start.time([&] {
      process = must(sandbox.start(node, Program{.words = {"sleep", "1000"},
                                                 .environment = {"PATH=/usr/bin:/bin"},
                                                 .directory = "/"}));
    });
    pause.time([&] { must(sandbox.pause_all(node)); });
    resume.time([&] { must(sandbox.resume_all(node)); });
    kill.time([&] { must(sandbox.kill_all(node)); });
    counters.time([&] { must(sandbox.pair_counters()); });
  }
  for (Figure* figure : {&start, &pause, &resume, &kill, &counters}) figure->print();
}

}  // namespace

int main() {  // NOLINT(bugprone-exception-escape): then the program ends, as it should.
  const Support support = must(probe());
  fmt::print("{}\n", support.why);
  bench_life(support);
  return must(contain(support, [] {
    const auto sandbox = must(Sandbox::create(kNodes));
    bench_cuts(*sandbox);
    bench_programs(*sandbox);
    return 0;
  }));
}
