// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <tuple>

#include "base/text.h"
#include "check/cluster/target.h"
#include "check/plan/schedule.h"
#include "check/run/analyse.h"
#include "check/run/commands.h"
#include "check/run/contained_run.h"
#include "check/run/draws.h"
#include "check/run/interrupts.h"
#include "check/run/monitor_choice.h"
#include "check/run/plan_files.h"
#include "check/run/repeat_command.h"
#include "check/run/run_directory.h"
#include "check/run/search_command.h"
#include "check/run/settings.h"
#include "check/search/searcher.h"
#include "cli/output.h"

namespace check::run {

namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t kMostNodes = 64;
constexpr std::uint32_t kMostSeconds = 7 * 24 * 3600;

std::uint64_t drawn_seed() {
  std::uint64_t seed = 0;
  (void)getrandom(&seed, sizeof seed, 0);
  // Short enough to be typed again.
  return seed % 1'000'000'000;
}

base::Error wrong(const std::string& sentence) {
  return base::Error{base::ErrorCode::InvalidArgument, sentence};
}

base::Status validate_search(const CheckOptions& options) {
  if (options.search_s.value_or(1) < 1 || options.search_s.value_or(1) > kMostSeconds) {
    return wrong(fmt::format("--search must be from 1 to {} seconds, not {}", kMostSeconds,
                             *options.search_s));
  }
  if (!search::how(options.search_how)) {
    return wrong(
        fmt::format("--search-how must be guided, blind or faults, not '{}'", options.search_how));
  }
  const bool of_a_search = options.keep_going || options.search_how != CheckOptions().search_how;
  if (of_a_search && !options.search_s) {
    return wrong("--search-how and --keep-going belong to --search, which is not given");
  }
  return base::Done{};
}

base::Status validate(const CheckOptions& options) {
  if (options.nodes < 1 || options.nodes > kMostNodes) {
    return wrong(fmt::format("--nodes must be from 1 to {}, not {}", kMostNodes, options.nodes));
  }
  if (options.time_s < 1 || options.time_s > kMostSeconds) {
    return wrong(
        fmt::format("--time must be from 1 to {} seconds, not {}", kMostSeconds, options.time_s));
  }
  for (const auto& [flag, given, most] :
       {std::tuple("clients", options.clients, plan::kMostClients),
        std::tuple("keys", options.keys, plan::kMostKeys)}) {
    if (given && (*given == 0 || *given > most)) {
      return wrong(fmt::format("--{} must be from 1 to {}, not {}", flag, most, *given));
    }
  }
  if (!options.workload.empty() && !plan::work_kind(options.workload)) {
    std::vector<std::string> words;
    for (const plan::WorkWord& word : plan::work_words()) words.emplace_back(word.word);
    return wrong(base::unknown_word("workload", options.workload, words));
  }
  TRY([[maybe_unused]] const base::Done searchable, validate_search(options));
  TRY(const cluster::Settings settings, parse_settings(options.set));
  // A target that nobody knows is told later; by a search now, before it makes its folder.
  const auto knobs = cluster::knobs_of(options.target);
  if (!knobs.ok() && options.search_s) return knobs.error();
  if (knobs.ok()) {
    for (const auto& [setting, value] : settings) {
      TRY([[maybe_unused]] const base::Done known,
          cluster::check_setting(options.target, knobs.value(), setting, value));
    }
  }
  return check_monitor_name(options.monitor);
}

// The plan with what the command line says instead.
base::Result<plan::Plan> chosen_plan(const CheckOptions& options, const std::string& name) {
  TRY(plan::Plan plan, load_plan(name));
  plan.work.clients = options.clients.value_or(plan.work.clients);
  plan.work.keys = options.keys.value_or(plan.work.keys);
  plan.work.kind = plan::work_kind(options.workload).value_or(plan.work.kind);
  TRY([[maybe_unused]] auto applicable, plan::check_applicable(plan, options.nodes));
  TRY([[maybe_unused]] auto room, check_room(options, plan));
  return plan;
}

int refused(const base::Error& error) {
  complain(error.message);
  return kExitUsage;
}

// Of a suite's plan, for its line.
std::string came_of(const base::Result<int>& code) {
  if (!code.ok()) {
    const std::string& why = code.error().message;
    return "could not start: " + why.substr(0, why.find('\n'));
  }
  if (code.value() == kExitSkipped) return "skipped";
  if (code.value() == kExitAbandoned) return "interrupted";
  return verdict::name(verdict_of(code.value()));
}

// Sixty plans of five etcds leave 40 GB of them, which no judge looks at.
void drop_data(const std::string& folder, std::uint32_t nodes) {
  const auto directory = RunDirectory::open(folder);
  if (!directory.ok()) return;
  for (std::uint32_t k = 1; k <= nodes; ++k) directory.value().remove_data({k});
}

// What became of a suite's plans.
struct SuiteTally {
  std::size_t plans = 0;
  std::size_t skipped = 0;
  std::size_t not_started = 0;
  JoinedRuns joined;

  // False: the suite was interrupted.
  bool take(const base::Result<int>& code) {
    if (!code.ok()) {
      complain(code.error().message);
      not_started += 1;
    } else if (code.value() == kExitSkipped) {
      skipped += 1;
    } else if (judged(code.value())) {
      joined.take(code.value());
    } else {
      if (joined.any()) joined.take(kExitUnknown);
      return false;
    }
    return true;
  }

  int end() {
    if (skipped > 0) {
      cli::print("{} of {} plans skipped: this target or machine cannot do what they ask for\n",
                 skipped, plans);
    }
    if (not_started > 0) cli::print("{} of {} plans could not start\n", not_started, plans);
    if (!joined.any()) return skipped == plans ? kExitUnknown : kExitUsage;
    if (not_started > 0) joined.take(kExitUnknown);
    return joined.code();
  }
};

int run_suite(const CheckOptions& options, const std::vector<std::string>& names,
              const std::string& path) {
  std::vector<plan::Plan> plans;
  for (const std::string& name : names) {
    const auto plan = chosen_plan(options, name);
    if (!plan.ok()) return refused(plan.error());
    plans.push_back(plan.value());
  }
  Manner in_suite;
  in_suite.skip_impossible = true;
  SuiteTally tally;
  tally.plans = plans.size();
  for (std::size_t k = 0; k < plans.size(); ++k) {
    const std::string& name = names[k];
    CheckOptions alone = options;
    alone.suite.clear();
    alone.plan = name;
    cli::print(stderr, "\n== {}: {}\n", name, plans[k].about);
    const std::string folder = path + '/' + fs::path(name).filename().string();
    const auto code = run_contained({alone, plans[k], folder, repeat_command(alone), in_suite});
    cli::print("plan {}: {}\n", name, came_of(code));
    (void)std::fflush(stdout);
    if (!tally.take(code)) break;
    if (code.ok() && code.value() == kExitValid) drop_data(folder, options.nodes);
    if (was_interrupted(folder)) break;  // Its verdict is unknown at best, and so is the suite's.
  }
  return tally.end();
}

}  // namespace

void complain(const std::string& sentence) { cli::print(stderr, "seaworthy: {}\n", sentence); }

int print_end(int code, const std::string& path, const std::string& repeat) {
  if (!judged(code)) return code;
  cli::print("verdict: {}\nrun: {}\nrepeat: {}\n", verdict::name(verdict_of(code)), path, repeat);
  return shown_code(code);
}

int check_command(const CheckOptions& asked) {
  hold_interrupts();
  CheckOptions options = asked;
  if (!options.seed) options.seed = drawn_seed();
  cli::print("seed: {}\n", *options.seed);
  (void)std::fflush(stdout);
  const base::Status valid = validate(options);
  if (!valid.ok()) return refused(valid.error());

  std::error_code error;
  const std::string path =
      fs::absolute(options.out.empty() ? default_path(options.target, *options.seed) : options.out,
                   error)
          .lexically_normal()
          .string();
  if (options.search_s) {
    const SearchEnd end = search(options, path);
    return print_end(end.code, end.run, end.repeat);
  }
  const std::string repeat = repeat_command(options);
  if (!options.suite.empty()) {
    const auto names = plans_of_suite(options.suite);
    if (!names.ok()) return refused(names.error());
    return print_end(run_suite(options, names.value(), path), path, repeat);
  }
  const auto plan = chosen_plan(options, options.plan);
  if (!plan.ok()) return refused(plan.error());
  const auto code = run_contained({options, plan.value(), path, repeat});
  if (!code.ok()) return refused(code.error());
  if (!judged(code.value())) return kExitUsage;
  return print_end(code.value(), path, repeat);
}

}  // namespace check::run
