// SPDX-License-Identifier: Apache-2.0
// seaworthy shrink: the reduction (check/shrink) meets real runs (reruns.h).
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "check/plan/schedule.h"
#include "check/run/commands.h"
#include "check/run/interrupts.h"
#include "check/run/recording.h"
#include "check/run/repeat_command.h"
#include "check/run/reruns.h"
#include "check/run/settings.h"
#include "check/run/shell_word.h"
#include "check/run/shrink_log.h"
#include "check/run/target_version.h"
#include "check/run/toml_reader.h"
#include "check/shrink/shrink.h"
#include "check/wire/message.h"
#include "cli/output.h"
#include "version/version.h"

namespace check::run {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kConfirmations = 5;
// Of these. A plan that was lucky when it was tried is not believed: then the one before it is.
constexpr int kReliably = 3;
constexpr int kStepsBack = 3;
// As many as fill both sandboxes once.
constexpr int kWave = 2;
constexpr std::uint32_t kLeastRunS = 5;
constexpr std::uint32_t kMostRunS = 30;
constexpr std::uint64_t kMostLimitS = 604'800;  // A week.
constexpr milliseconds kSetUp{20'000};
constexpr milliseconds kRecovery{120'000};
constexpr milliseconds kGuessedRun{5'000};

// How often a plan must fail to count as failing.
struct Bar {
  int failed;  // At least so many
  int runs;    // of at most so many.
};
struct Bars {
  Bar faults;  // For a plan with fewer faults;
  Bar form;  // for one that is simpler otherwise, which is worth less than that it fails reliably.
};
constexpr Bars kReliable = {{3, 4}, {4, 4}};
// For what fails seldom.
constexpr Bars kRare = {{1, 6}, {1, 6}};

struct Places {
  std::string plan;
  std::string reruns;
  std::string kept;
  std::string log;
};

base::Error usage(const std::string& sentence) {
  return {base::ErrorCode::InvalidArgument, sentence};
}

base::Result<Places> places_of(const ShrinkOptions& options, const RunDirectory& directory) {
  std::error_code error;
  const fs::path plan =
      fs::absolute(options.out.empty() ? directory.file("minimal.toml") : options.out, error)
          .lexically_normal();
  if (plan.extension() != ".toml") {
    return usage(fmt::format("--out must end in .toml, unlike {}", plan.string()));
  }
  if (fs::equivalent(plan, directory.file("plan.toml"), error)) {
    return usage(fmt::format("--out {} is the plan of the run itself", plan.string()));
  }
  const fs::path folder = plan.parent_path();
  Places places;
  places.plan = plan.string();
  places.kept = (folder / plan.stem()).string() + "-run";
  places.log = (folder / plan.stem()).string() + "-tried.jsonl";
  if (fs::exists(places.kept, error) && !fs::exists(places.kept + "/run.json", error)) {
    return usage(fmt::format("{} is in the way, and is no run", places.kept));
  }
  Reruns::clear_remains(folder.string());
  places.reruns = (folder / Reruns::kFolder).string();
  if (::mkdtemp(places.reruns.data()) == nullptr) {
    return usage(fmt::format("cannot make a folder in {}; give another --out", folder.string()));
  }
  return places;
}

// What a plan was tried on, apart from itself: for another target, or another version of it as it
// is installed by now, nothing is known.
base::Result<std::string> subject_of(const Recording& recording) {
  const RunFacts& facts = recording.facts;
  TRY(const std::string version, target_version(facts.target, facts.nodes, facts.settings));
  return fmt::format("{} {} {}, {} nodes, {}, seed {}, {}, {}", version::text(), facts.target,
                     version, facts.nodes, describe(facts.settings), facts.seed, facts.monitor,
                     fmt::join(recording.wanted, " "));
}

// Tries plans, remembers, and tells of it.
class Trials {
 public:
  // `subject`: what fails, or does not, for the log.
  Trials(Reruns& reruns, ShrinkLog& log, std::string subject, std::uint32_t nodes,
         milliseconds limit)
      : reruns_(reruns),
        log_(log),
        subject_(std::move(subject)),
        nodes_(nodes),
        end_(Clock::now() + limit),
        most_reserved_(limit / 2) {}

  shrink::Answer attempt(const plan::Plan& plan, const std::string& what, const Bar& bar) {
    if (!runs(plan)) return shrink::Answer::Passes;
    const std::uint64_t hash = wire::hash_of(
        fmt::format("{} of {} of {}\n", bar.failed, bar.runs, subject_) + plan::write_plan(plan));
    if (const auto known = log_.find(hash)) return answer(*known, "as before");
    if (over()) return shrink::Answer::Over;
    ShrinkLog::Entry entry{hash, false, 0, 0, what};
    while (!decided(entry, bar)) {
      const auto wave = reruns_.run(plan, kWave, end_ - reserved());
      if (!wave.ok()) {
        trouble_ = wave.error();
        return shrink::Answer::Over;
      }
      if (wave.value().cut) return shrink::Answer::Over;
      entry.runs += wave.value().runs;
      entry.failed += wave.value().failed;
    }
    entry.fails = entry.failed >= bar.failed;
    if (const base::Status saved = log_.add(entry); !saved.ok()) complain(saved.error().message);
    return answer(entry, fmt::format("{} of {}", entry.failed, entry.runs));
  }

  bool over() const { return Clock::now() + reserved() >= end_; }
  Clock::time_point end() const { return end_; }

  // Why it ended: an interrupt, or reruns that cannot be done.
  const std::optional<base::Error>& trouble() const { return trouble_; }

 private:
  static bool decided(const ShrinkLog::Entry& entry, const Bar& bar) {
    const int passes_allowed = bar.runs - bar.failed;
    return entry.failed >= bar.failed || entry.runs - entry.failed > passes_allowed;
  }

  // Not what a plan file could not say: a rule that refers to one that is gone.
  bool runs(const plan::Plan& plan) const {
    const auto document = read_toml(plan::write_plan(plan), "plan");
    if (!document.ok() || !plan::read_plan(document.value()).ok()) return false;
    return plan::check_applicable(plan, nodes_).ok();
  }

  shrink::Answer answer(const ShrinkLog::Entry& entry, const std::string& how) const {
    const auto passed = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begun_);
    cli::print(stderr, "shrink: {:4} s  {}  {} ({})\n", passed.count(),
               entry.fails ? "fails " : "passes", entry.what, how);
    return entry.fails ? shrink::Answer::Fails : shrink::Answer::Passes;
  }

  // The confirmation at the end needs its time.
  milliseconds reserved() const {
    const milliseconds one = reruns_.failing_time().value_or(kGuessedRun);
    return std::min((kConfirmations + kWave - 1) / kWave * one, most_reserved_);
  }

  Reruns& reruns_;
  ShrinkLog& log_;
  const std::string subject_;
  const std::uint32_t nodes_;
  const Clock::time_point begun_ = Clock::now();
  const Clock::time_point end_;
  const milliseconds most_reserved_;
  std::optional<base::Error> trouble_;
};

// What a comment has room for.
std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return text;
}

std::string plan_text(const plan::Plan& plan, const Recording& recording, const std::string& rate,
                      const std::string& command) {
  return one_line(fmt::format("# {} fails with it ({}): {}.", recording.facts.target,
                              fmt::join(recording.wanted, ", "), rate)) +
         '\n' + one_line(fmt::format("# {}", command)) + '\n' + plan::write_plan(plan);
}

class Shrinking {
 public:
  struct Means {
    Places places;
    Reruns reruns;
    ShrinkLog log;
    std::string subject;
  };
  Shrinking(const ShrinkOptions& options, Recording recording, Means means)
      : recording_(std::move(recording)),
        places_(std::move(means.places)),
        reruns_(std::move(means.reruns)),
        log_(std::move(means.log)),
        trials_(reruns_, log_, std::move(means.subject), recording_.facts.nodes,
                milliseconds(static_cast<std::int64_t>(options.time_limit_s) * 1000)) {}

  int run() {
    const std::size_t before = shrink::size_of(recording_.plan);
    cli::print(stderr, "shrink: {} of {} faults had begun when {} was violated\n", before,
               recording_.planned, fmt::join(recording_.wanted, " or "));
    if (log_.size() > 0)
      cli::print(stderr, "shrink: {} plans are known from before\n", log_.size());
    shrink::Shrunk shrunk = shrink_with(kReliable);
    if (!shrunk.failed && !trials_.trouble() && !trials_.over()) {
      cli::print(stderr, "shrink: no plan fails reliably: now one failure of six is enough\n");
      shrunk = shrink_with(kRare);
    }
    if (!shrunk.failed) return nothing_failed();
    return finish(shrunk);
  }

 private:
  shrink::Shrunk shrink_with(const Bars& bars) {
    return shrink::shrink(recording_.plan, [&](const plan::Plan& plan,
                                               const shrink::Reduction& next) {
      const auto answer = trials_.attempt(plan, next.what, next.faults ? bars.faults : bars.form);
      if (answer == shrink::Answer::Fails) adopted_.push_back(plan);
      return answer;
    });
  }

  int nothing_failed() const {
    if (trials_.trouble()) {
      complain(trials_.trouble()->message + ": no plan is written");
      return reruns_.interrupted() ? kExitUnknown : kExitUsage;
    }
    complain(trials_.over()
                 ? "the time was over before the violation had repeated: no plan is written"
                 : "the violation did not repeat: no plan is written");
    return kExitUnknown;
  }

  // The smallest plan that fails reliably, or of the last few the one that fails most often.
  Reruns::Tally confirm(plan::Plan& plan) {
    Reruns::Tally best;
    for (int back = 0; back <= kStepsBack && !adopted_.empty(); ++back) {
      const auto tally = reruns_.run(adopted_.back(), kConfirmations, trials_.end());
      if (!tally.ok()) {
        complain("not confirmed: " + tally.error().message);
        break;
      }
      cli::print(stderr, "shrink: {}: fails in {} of {} reruns\n",
                 back == 0 ? "the smallest plan" : "the plan before it", tally.value().failed,
                 tally.value().runs);
      if (back == 0 || tally.value().failed > best.failed) {
        best = tally.value();
        plan = adopted_.back();
      }
      if (best.failed >= kReliably || trials_.over()) break;
      adopted_.pop_back();
    }
    return best;
  }

  int finish(shrink::Shrunk& shrunk) {
    Reruns::Tally tally;
    if (!reruns_.interrupted()) tally = confirm(shrunk.plan);
    shrunk.plan.name = "minimal";
    shrunk.plan.about = one_line(
        fmt::format("what is left of {}, seed {}", recording_.facts.plan, recording_.facts.seed));
    CheckOptions check = options_of(recording_);
    check.plan = places_.plan;
    check.monitor.clear();
    const auto took = reruns_.failing_time().value_or(kGuessedRun);
    check.time_s = std::max(kLeastRunS, static_cast<std::uint32_t>(took.count() / 1000 + 1));
    const std::string command = repeat_command(check);
    const std::string rate = tally.runs == 0
                                 ? std::string("not confirmed")
                                 : fmt::format("{} of {} reruns", tally.failed, tally.runs);
    const base::Status written =
        replace_file(places_.plan, plan_text(shrunk.plan, recording_, rate, command));
    if (!written.ok()) {
      complain(written.error().message);
      return kExitUsage;
    }
    cli::print("plan: {}\nfaults: {} of {}{}\nfails: {}\nrun: {}\nrepeat: {}\n", places_.plan,
               shrink::size_of(shrunk.plan), recording_.planned,
               shrunk.minimal ? "" : " (not minimal: the time was over)", rate, places_.kept,
               command);
    return tally.failed > 0 ? kExitValid : kExitUnknown;
  }

  const Recording recording_;
  const Places places_;
  std::vector<plan::Plan> adopted_;  // One smaller than the other.
  Reruns reruns_;
  ShrinkLog log_;
  Trials trials_;
};

base::Result<int> shrink_run(const ShrinkOptions& options) {
  if (options.time_limit_s < 1 || options.time_limit_s > kMostLimitS) {
    return usage(fmt::format("--time-limit must be from 1 to {} seconds, not {}", kMostLimitS,
                             options.time_limit_s));
  }
  TRY(const RunDirectory directory, RunDirectory::open(options.path));
  TRY(Recording recording, load_recording(directory));
  cli::print("seed: {}\n", recording.facts.seed);
  (void)std::fflush(stdout);
  if (recording.wanted.empty()) {
    return usage(
        fmt::format("nothing was violated in {}: there is nothing to shrink", directory.path()));
  }
  TRY(std::string subject, subject_of(recording));
  TRY(Places places, places_of(options, directory));
  Reruns::Options reruns;
  reruns.check = options_of(recording);
  reruns.check.time_s = std::clamp(recording.proof_s + 3, kLeastRunS, kMostRunS);
  reruns.manner = manner_of(recording);
  reruns.manner.quiet = true;
  reruns.wanted = recording.wanted;
  reruns.folder = places.reruns;
  reruns.kept = places.kept;
  reruns.limit = kSetUp + milliseconds(std::int64_t{3000} * recording.proof_s) +
                 (recording.needs_recovery ? kRecovery : milliseconds(0));
  TRY(Reruns made, Reruns::create(std::move(reruns)));
  TRY(ShrinkLog log, ShrinkLog::open(places.log));
  return Shrinking(options, std::move(recording),
                   {std::move(places), std::move(made), std::move(log), std::move(subject)})
      .run();
}

}  // namespace

int shrink_command(const ShrinkOptions& options) {
  hold_interrupts();
  const auto code = shrink_run(options);
  if (code.ok()) return code.value();
  complain(code.error().message);
  return kExitUsage;
}

}  // namespace check::run
