// SPDX-License-Identifier: Apache-2.0
#include "check/run/search_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "base/prng.h"
#include "check/run/analyse.h"
#include "check/run/commands.h"
#include "check/run/contained_run.h"
#include "check/run/draws.h"
#include "check/run/interrupts.h"
#include "check/run/message_trace.h"
#include "check/run/repeat_command.h"
#include "check/run/run_facts.h"
#include "check/run/search_log.h"
#include "check/search/searcher.h"
#include "cli/output.h"

namespace check::run {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;
using verdict::Verdict;

constexpr std::uint64_t kAssumedElectionMs = 1000;
// Runs in a row that could not start.
constexpr int kMostFailures = 10;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The first run: one fault, to see how long elections take and what nodes say.
plan::Plan scout_plan() {
  plan::Plan plan;
  plan.name = "search-0";
  plan.about = "the first look of a search";
  plan::Step step;
  step.fault = {.kind = plan::FaultKind::Kill, .target = plan::Target::Leader};
  for (std::uint32_t k = 1; k <= 64; ++k) step.order.push_back({k});
  plan.lanes.push_back({.written = true, .steps = {step}});
  return plan;
}

std::uint32_t steps_of(const plan::Plan& plan) {
  std::size_t most = 0;
  for (const plan::Lane& lane : plan.lanes) most = std::max(most, lane.steps.size());
  return static_cast<std::uint32_t>(most);
}

class Search {
 public:
  Search(const CheckOptions& options, std::string path, SearchLog log)
      : options_(options), path_(std::move(path)), log_(std::move(log)), prng_(*options.seed) {}

  SearchEnd run();

 private:
  struct Ran {
    int code = kExitUnknown;
    Verdict verdict = Verdict::Unknown;
    bool refused = false;  // The target does not allow the plan.
    bool interrupted = false;
    bool nothing = false;  // Nothing was judged: it was interrupted too early, or twice.
    search::Trace trace;
    std::uint64_t took_ms = 0;
  };

  bool over() const { return seconds_since(begin_) >= options_.search_s.value_or(0); }
  base::Result<Ran> scout();
  base::Result<Ran> attempt(search::Searcher::Trial trial);
  void note(const search::Searcher::Trial& trial, const Ran& ran, std::uint64_t fresh);
  // Takes the verdict into the search's. False: the search has found what it was for.
  bool take(const Ran& ran);
  bool take_failure(const search::Searcher::Trial& trial, const base::Error& error);
  SearchEnd end(int code) const;

  const CheckOptions options_;
  const std::string path_;
  SearchLog log_;
  base::Prng prng_;
  const Clock::time_point begin_ = Clock::now();
  std::optional<std::uint64_t> election_ms_;
  std::optional<wire::Protocol> protocol_;
  std::optional<search::Searcher> searcher_;

  JoinedRuns joined_;
  std::uint64_t tried_ = 0;
  std::uint64_t unknown_ = 0;
  std::uint64_t refused_ = 0;
  int failures_ = 0;  // In a row.
  TriedPlan last_;
  CheckOptions last_options_;
  std::optional<SearchEnd> found_;  // The first run that is invalid,
  bool found_known_ = false;        // by known bugs alone.
};

base::Result<Search::Ran> Search::attempt(search::Searcher::Trial trial) {
  const std::string number = fmt::format("{:04}", trial.number);
  last_ = {};
  last_.number = trial.number;
  last_.file = "plans/" + number + ".toml";
  last_.from = trial.from;
  last_.seed = prng_.next() % 1'000'000'000;

  CheckOptions alone = options_;
  alone.search_s.reset();
  alone.plan = path_ + '/' + last_.file;
  alone.seed = last_.seed;
  const std::uint64_t ms = trial.length * election_ms_.value_or(kAssumedElectionMs) / 1000 +
                           kFaultOverheadMs * steps_of(trial.plan);
  alone.time_s = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, (ms + 999) / 1000));
  trial.plan.work.clients = options_.clients.value_or(trial.plan.work.clients);
  trial.plan.work.keys = options_.keys.value_or(trial.plan.work.keys);
  trial.plan.work.kind = plan::work_kind(options_.workload).value_or(trial.plan.work.kind);
  TRY(const RunDirectory folder, RunDirectory::open(path_));
  TRY([[maybe_unused]] auto saved, folder.write(last_.file, plan::write_plan(trial.plan)));
  last_options_ = alone;

  const auto began = Clock::now();
  const std::string run = path_ + '/' + number;
  const auto code = run_contained(
      {.options = alone,
       .plan = trial.plan,
       .path = run,
       .repeat = repeat_command(alone),
       .manner = {.election_timeout_ms = election_ms_, .quiet = true, .ends_with_faults = true}});
  if (!code.ok()) return code.error();
  Ran ran;
  ran.took_ms = static_cast<std::uint64_t>(seconds_since(began) * 1000);
  ran.refused = code.value() == kExitSkipped;
  if (ran.refused) return ran;
  ran.code = code.value();
  ran.nothing = !judged(ran.code);
  if (ran.nothing) return ran;
  ran.verdict = verdict_of(ran.code);
  ran.interrupted = was_interrupted(run);
  TRY(const RunDirectory directory, RunDirectory::open(run));
  TRY(ran.trace, message_trace(directory, options_.nodes));
  last_.why = first_complaint(directory);
  return ran;
}

base::Result<Search::Ran> Search::scout() {
  TRY(const Ran ran, attempt({.number = 0, .plan = scout_plan(), .length = 2000}));
  if (ran.nothing) return ran;
  TRY(const RunDirectory directory, RunDirectory::open(path_ + "/0000"));
  TRY(const std::string text, directory.read("run.json"));
  TRY(const RunFacts facts, read_facts(text, directory.file("run.json")));
  election_ms_ = facts.election_timeout_ms.value_or(kAssumedElectionMs);
  protocol_ = wire::protocol(facts.messages.protocol);
  const auto how = search::how(options_.search_how);
  searcher_.emplace(search::Searcher::Options{.seed = prng_.next(),
                                              .nodes = options_.nodes,
                                              .protocol = protocol_,
                                              .how = how.value_or(search::How::Guided)});
  return ran;
}

void Search::note(const search::Searcher::Trial& trial, const Ran& ran, std::uint64_t fresh) {
  last_.at_s = seconds_since(begin_);
  last_.took_s = static_cast<double>(ran.took_ms) / 1000;
  last_.states = ran.trace.states.size();
  last_.fresh = fresh;
  last_.total = searcher_->states();
  last_.verdict = ran.verdict;
  const base::Status saved = log_.append(last_);
  if (!saved.ok()) complain(saved.error().message);
  const std::string word = ran.refused ? "refused" : std::string(verdict::name(ran.verdict));
  cli::print(stderr, "{:.0f} s: plan {} {}: {} states, {} of them new; {} in all{}\n", last_.at_s,
             trial.number, word, last_.states, fresh, last_.total,
             last_.why.empty() ? "" : "; " + last_.why.substr(0, last_.why.find('\n')));
}

bool Search::take(const Ran& ran) {
  tried_ += 1;
  failures_ = 0;
  refused_ += ran.refused ? 1 : 0;
  if (ran.refused) return true;
  unknown_ += ran.verdict == Verdict::Unknown ? 1 : 0;
  joined_.take(ran.code);
  if (ran.interrupted) joined_.take(kExitUnknown);
  const std::string run = fmt::format("{}/{:04}", path_, last_.number);
  if (ran.verdict != Verdict::Invalid) {
    std::error_code error;
    fs::remove_all(run, error);
    return true;
  }
  const bool known = ran.code != kExitInvalid;
  if (!found_ || (found_known_ && !known)) {
    found_ = {ran.code, run, repeat_command(last_options_)};
    found_known_ = known;
  }
  return known || options_.keep_going;
}

// A run that could not start says nothing, and the next may. False: none does any more.
bool Search::take_failure(const search::Searcher::Trial& trial, const base::Error& error) {
  std::error_code ignored;
  fs::remove_all(fmt::format("{}/{:04}", path_, last_.number), ignored);
  const Ran ran;
  (void)searcher_->learn(ran.trace, ran.took_ms, false);
  last_.why = "could not start: " + error.message;
  note(trial, ran, 0);
  tried_ += 1;
  unknown_ += 1;
  joined_.take(kExitUnknown);
  failures_ += 1;
  if (failures_ == kMostFailures) complain("no run starts any more: the search ends");
  return failures_ < kMostFailures;
}

SearchEnd Search::end(int code) const {
  cli::print(
      stderr, "{} plans tried in {:.0f} s ({} unknown, {} refused); {} states of the cluster\n",
      tried_, seconds_since(begin_), unknown_, refused_, searcher_ ? searcher_->states() : 0);
  if (found_) return {code, found_->run, found_->repeat};
  return {code, path_, repeat_command(options_)};
}

SearchEnd Search::run() {
  bool more = true;
  for (bool first = true; more && (first || !over()); first = false) {
    search::Searcher::Trial trial;
    if (!first) trial = searcher_->next();
    const auto ran = first ? scout() : attempt(trial);
    if (first && !ran.ok()) {
      complain(ran.error().message);
      return end(kExitUsage);
    }
    if (!ran.ok()) {
      more = take_failure(trial, ran.error());
      continue;
    }
    if (ran.value().nothing) {
      if (first) return end(kExitUsage);
      joined_.take(kExitUnknown);
      break;
    }
    const bool counts = !ran.value().refused && ran.value().verdict != Verdict::Unknown;
    const std::uint64_t fresh = searcher_->learn(ran.value().trace, ran.value().took_ms, counts);
    note(trial, ran.value(), fresh);
    more = take(ran.value()) && !ran.value().interrupted;
  }
  return end(joined_.code());
}

}  // namespace

SearchEnd search(const CheckOptions& options, const std::string& path) {
  std::error_code error;
  const bool taken = fs::exists(path, error) && !fs::is_empty(path, error);
  if (taken) {
    complain(path + ": the folder holds something already");
    return {kExitUsage, path, ""};
  }
  fs::create_directories(path + "/plans", error);
  auto log = SearchLog::create(path + "/search.jsonl");
  if (!log.ok()) {
    complain(log.error().message);
    return {kExitUsage, path, ""};
  }
  return Search(options, path, std::move(log).value()).run();
}

}  // namespace check::run
