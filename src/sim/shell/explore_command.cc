// SPDX-License-Identifier: Apache-2.0
#include "sim/shell/explore_command.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <vector>

#include "cli/output.h"
#include "explore/explorer.h"
#include "sim/shell/commands.h"
#include "sim/shell/runs.h"

namespace sim::shell {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

explore::Bounds bounds_of(const ExploreOptions& options) {
  const auto small = [](std::uint64_t number) { return static_cast<std::uint8_t>(number); };
  explore::Bounds bounds;
  bounds.nodes = small(options.nodes);
  bounds.depth = static_cast<std::uint32_t>(options.depth);
  bounds.flights = small(options.in_flight);
  bounds.budget = {small(options.timeouts), small(options.heartbeats), small(options.proposals),
                   small(options.crashes),  small(options.losses),     small(options.duplicates)};
  for (const explore::Disks disks : {explore::Disks::Slow, explore::Disks::Forgetful}) {
    if (options.disks == explore::describe(disks)) bounds.disks = disks;
  }
  bounds.memory_bytes = options.memory_mib << 20U;
  return bounds;
}

// For tell_and_exit, which the system calls: which exploration, and which of its jobs a thread
// does.
const explore::Explorer* running = nullptr;  // NOLINT: see above.
thread_local std::uint32_t own_job = 0;      // NOLINT: see above.

// A CHECK of the core failed in the middle of a step, and said so: that is a finding like any
// other. It aborts the thread that made the step, so what it was at is known and stands still.
extern "C" void tell_and_exit(int /*signal*/) {
  std::signal(SIGABRT, SIG_DFL);
  for (const std::string& line : running->way_of(own_job)) cli::print("{}\n", line);
  cli::print("violation: check: the next step fails a CHECK of the core, told on standard error\n");
  cli::print("verdict: invalid\n");
  std::fflush(stdout);
  std::_Exit(kInvalid);
}

void work_in_threads(std::uint32_t jobs, const std::function<void(std::uint32_t)>& work) {
  std::vector<std::thread> threads;
  threads.reserve(jobs);
  for (std::uint32_t i = 1; i < jobs; ++i) {
    threads.emplace_back([&work, i] {
      own_job = i;
      work(i);
    });
  }
  work(0);
  for (std::thread& thread : threads) thread.join();
}

// On standard error, now and then; and the end of the time.
class Watcher {
 public:
  explicit Watcher(std::uint64_t seconds) : seconds_(seconds) {}

  bool operator()(const explore::Progress& progress) {
    const double took = seconds_since(begin_);
    if (took >= shown_ + 2) {
      shown_ = took;
      cli::print(stderr, "depth {}, {} states, {} to go, {:.0f} s\n", progress.depth,
                 progress.states, progress.waiting, took);
    }
    return took < static_cast<double>(seconds_);
  }
  double seconds() const { return seconds_since(begin_); }

 private:
  std::uint64_t seconds_;
  Clock::time_point begin_ = Clock::now();
  double shown_ = 0;
};

check::verdict::Verdict verdict_of(explore::Finish finish) {
  switch (finish) {
    case explore::Finish::Violated:
      return check::verdict::Verdict::Invalid;
    case explore::Finish::Exhausted:
    case explore::Finish::Depth:
      return check::verdict::Verdict::Valid;
    case explore::Finish::Memory:
    case explore::Finish::Stopped:
      break;
  }
  return check::verdict::Verdict::Unknown;
}

void print(const explore::Report& report, std::uint32_t jobs, double seconds) {
  for (const std::string& line : report.trace) cli::print("{}\n", line);
  if (report.violation) {
    cli::print("violation: {}: {}\n", report.violation->rule, report.violation->sentence);
  }
  std::string by_depth;
  for (const std::uint64_t states : report.by_depth) by_depth += " " + std::to_string(states);
  const double rate = static_cast<double>(report.progress.states) / std::max(seconds, 0.001);
  cli::print("ended: {}\ndepth: {}\nstates: {}\nstates by depth:{}\nactions: {}\n",
             explore::describe(report.finish), report.progress.depth, report.progress.states,
             by_depth, report.progress.actions);
  cli::print("actions forbidden by --in-flight: {}\n", report.crowded);
  cli::print("states of one server: {}\nmessages: {}\nsteps of the core: {}\n",
             report.server_states, report.messages, report.steps);
  cli::print("seconds: {:.1f}\nstates a second: {:.0f}, of each of {} jobs: {:.0f}\n", seconds,
             rate, jobs, rate / jobs);
}

}  // namespace

int explore_command(const ExploreOptions& options) {
  if (options.nodes < 2 || options.nodes > explore::kMaxServers) {
    cli::print(stderr, "raftsim: --explore takes --nodes 2..{}, but not {}\n", explore::kMaxServers,
               options.nodes);
    return kUsage;
  }
  const explore::Bounds bounds = bounds_of(options);
  const auto jobs = static_cast<std::uint32_t>(
      options.jobs > 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency()));
  cli::print("explore: {} jobs={}\n", explore::describe(bounds), jobs);
  std::fflush(stdout);
  Watcher watcher(options.seconds);
  explore::Explorer explorer(bounds, jobs);
  running = &explorer;
  std::signal(SIGABRT, tell_and_exit);
  const explore::Report report = explorer.run(
      work_in_threads, [&watcher](const explore::Progress& progress) { return watcher(progress); });
  std::signal(SIGABRT, SIG_DFL);
  print(report, jobs, watcher.seconds());
  const check::verdict::Verdict verdict = verdict_of(report.finish);
  cli::print("verdict: {}\nhash: {:016x}\n", check::verdict::name(verdict), report.hash);
  return exit_code(verdict);
}

}  // namespace sim::shell
