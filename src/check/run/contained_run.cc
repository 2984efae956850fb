// SPDX-License-Identifier: Apache-2.0
#include "check/run/contained_run.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "check/run/analyse.h"
#include "check/run/commands.h"
#include "check/run/interrupts.h"
#include "check/run/judge.h"

namespace check::run {

namespace fs = std::filesystem;

namespace {

// What runs inside the sandbox: the run and its judgement. Returns the exit code.
int run_and_judge(const RunRequest& request) {
  const auto stop = std::make_shared<faults::Stop>();
  listen_for_interrupts(stop);
  const base::Status ran = execute(request, *stop);
  if (!ran.ok()) {
    complain(ran.error().message);
    const bool skipped = ran.error().code == base::ErrorCode::Unavailable &&
                         !request.plan.rules.empty() && !request.directory.has("run.json");
    return skipped ? kExitSkipped : kExitUsage;
  }
  const auto opinion = analyse_run(request.directory, time_limit(kJudgeLimitS));
  if (!opinion.ok()) {
    complain(opinion.error().message);
    return kExitUsage;
  }
  if (!request.manner.quiet) fmt::print(stderr, "\n{}", opinion.value().summary);
  if (!opinion.value().not_saved.empty()) complain(opinion.value().not_saved);
  if (request.options.accept_known && !request.manner.quiet) print_known(opinion.value());
  return exit_code(opinion.value(), request.options.accept_known);
}

// The run's process was killed, or failed: what it saved is judged from outside.
int judge_remains(const RunDirectory& directory, int code, bool accept_known) {
  complain(fmt::format("the run's process died (exit code {}); what it saved is judged", code));
  const auto in_time = time_limit(kJudgeLimitS);
  const auto opinion =
      analyse_run(directory, [&] { return in_time() && held_interrupt().empty(); });
  if (!opinion.ok()) {
    complain(opinion.error().message);
    return kExitUsage;
  }
  fmt::print(stderr, "\n{}", opinion.value().summary);
  if (accept_known) print_known(opinion.value());
  return exit_code(opinion.value(), accept_known);
}

std::string abandoned(const RunDirectory& directory) {
  std::string sentence = "interrupted twice: nothing was judged";
  if (!directory.has("run.json")) return sentence;
  return fmt::format("{}; 'seaworthy analyse {}' judges what was saved", sentence,
                     directory.path());
}

}  // namespace

bool judged(int code) { return code <= kExitUnknown || code == kExitKnown; }

verdict::Verdict verdict_of(int code) {
  if (code == kExitValid) return verdict::Verdict::Valid;
  const bool invalid = code == kExitInvalid || code == kExitKnown;
  return invalid ? verdict::Verdict::Invalid : verdict::Verdict::Unknown;
}

bool was_interrupted(const std::string& path) {
  const auto directory = RunDirectory::open(path);
  if (!directory.ok()) return false;
  const auto evidence = load_evidence(directory.value());
  return evidence.ok() && !evidence.value().facts.interrupted.empty();
}

base::Result<int> run_contained(const ContainedRun& run) {
  TRY(const sandbox::Support support, sandbox::probe());
  if (const std::string interrupt = held_interrupt(); !interrupt.empty()) {
    return base::Error{base::ErrorCode::Unavailable,
                       interrupt + " before the run began: nothing was judged"};
  }
  TRY(const RunDirectory directory, RunDirectory::create(run.path, run.options.nodes));
  const RunRequest request{run.options, run.plan, directory, support, run.repeat, run.manner};
  TRY(const int code, sandbox::contain(support, [&] { return run_and_judge(request); }));
  // Nothing was begun: nothing is left.
  std::error_code error;
  if (!directory.has("run.json")) fs::remove_all(directory.path(), error);
  if (code == kExitAbandoned && !directory.has("verdict.json")) {
    return base::Error{base::ErrorCode::Unavailable, abandoned(directory)};
  }
  if (directory.has("run.json") && code > kExitUsage && !judged(code)) {
    return judge_remains(directory, code, run.options.accept_known);
  }
  return code;
}

}  // namespace check::run
