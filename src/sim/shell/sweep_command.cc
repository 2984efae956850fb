// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <optional>
#include <thread>

#include "cli/output.h"
#include "sim/shell/commands.h"
#include "sim/shell/result_file.h"
#include "sim/shell/runs.h"
#include "sim/shell/summary.h"
#include "sim/shell/workers.h"

namespace sim::shell {

namespace {

// "A..B"
std::optional<SeedRange> parse_range(const std::string& text) {
  const std::size_t dots = text.find("..");
  if (dots > 18 || text.size() - dots > 20) return std::nullopt;
  const std::string first = text.substr(0, dots);
  const std::string last = text.substr(dots + 2);
  constexpr const char* kDigits = "0123456789";
  if (first.empty() || first.find_first_not_of(kDigits) != std::string::npos) return std::nullopt;
  if (last.empty() || last.find_first_not_of(kDigits) != std::string::npos) return std::nullopt;
  const SeedRange range{std::stoull(first), std::stoull(last)};
  if (range.first > range.last) return std::nullopt;
  return range;
}

// On standard error, now and then.
class Progress {
 public:
  explicit Progress(std::uint64_t total) : total_(total) {}
  void show(const Summary& summary) {
    const auto now = std::chrono::steady_clock::now();
    if (now - shown_ < std::chrono::seconds(2)) return;
    shown_ = now;
    cli::print(stderr, "{} of {} runs, {} invalid\n", summary.runs(), total_, summary.invalid());
  }

 private:
  std::uint64_t total_;
  std::chrono::steady_clock::time_point shown_ = std::chrono::steady_clock::now();
};

}  // namespace

int sweep_command(const SweepOptions& options) {
  const std::optional<SeedRange> seeds = parse_range(options.seeds);
  if (!seeds) {
    return refuse("--sweep takes a range of seeds such as 1..2000, but not '" + options.seeds +
                  "'");
  }
  std::optional<ResultWriter> file;
  if (!options.out.empty()) {
    base::Result<ResultWriter> created = ResultWriter::create(options.out, options.shape);
    if (!created.ok()) return refuse(created.error().message);
    file.emplace(std::move(created).value());
  }
  const std::uint64_t jobs =
      options.jobs > 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
  cli::print("seed: {}..{}\nnodes: {}\nevents: {}\n", seeds->first, seeds->last,
             options.shape.nodes, options.shape.events);
  std::fflush(stdout);
  Summary summary;
  Progress progress(seeds->last - seeds->first + 1);
  const base::Status done = run_seeds(
      *seeds, jobs, [&options](std::uint64_t seed) { return run_seed(seed, options.shape); },
      [&](const SeedResult& result) {
        summary.add(result);
        if (file) file->add(result);
        progress.show(summary);
      });
  if (!done.ok()) return refuse(done.error().message);
  if (file) {
    if (const base::Status closed = file->close(); !closed.ok()) {
      return refuse(closed.error().message);
    }
  }
  cli::print("{}verdict: {}\nrepeat: raftsim --sweep {} --nodes {} --events {}\n",
             summary.text(options.shape), check::verdict::name(summary.verdict()), options.seeds,
             options.shape.nodes, options.shape.events);
  return exit_code(summary.verdict());
}

}  // namespace sim::shell
