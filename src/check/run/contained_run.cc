// SPDX-License-Identifier: Apache-2.0
#include "check/run/contained_run.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <filesystem>
#include <memory>

#include "base/check.h"
#include "check/run/analyse.h"
#include "check/run/commands.h"
#include "check/run/interrupts.h"
#include "check/run/judge.h"
#include "cli/output.h"

namespace check::run {

namespace fs = std::filesystem;

namespace {

// A sentence that a process made by fork() leaves to its parent.
class Reason {
 public:
  Reason()
      : page_(static_cast<char*>(
            ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    CHECK(page_ != MAP_FAILED);
  }
  Reason(const Reason&) = delete;
  Reason& operator=(const Reason&) = delete;
  ~Reason() { ::munmap(page_, kBytes); }

  void leave(const std::string& sentence) const { page_[sentence.copy(page_, kBytes - 1)] = '\0'; }
  std::string text() const { return page_; }

 private:
  static constexpr std::size_t kBytes = 16384;
  char* const page_;
};

// What runs inside the sandbox: the run and its judgement. Returns the exit code.
int run_and_judge(const RunRequest& request, const Reason& reason) {
  const auto stop = std::make_shared<faults::Stop>();
  listen_for_interrupts(stop);
  const base::Status ran = execute(request, *stop);
  if (!ran.ok()) {
    const bool skipped = ran.error().code == base::ErrorCode::Unavailable &&
                         !request.plan.rules.empty() && !request.directory.has("run.json");
    if (skipped) complain(ran.error().message);
    if (!skipped) reason.leave(ran.error().message);
    return skipped ? kExitSkipped : kExitUsage;
  }
  const auto opinion = analyse_run(request.directory, time_limit(kJudgeLimitS));
  if (!opinion.ok()) {
    reason.leave(opinion.error().message);
    return kExitUsage;
  }
  if (!request.manner.quiet) cli::print(stderr, "\n{}", opinion.value().summary);
  if (!opinion.value().not_saved.empty()) complain(opinion.value().not_saved);
  if (request.options.accept_known && !request.manner.quiet) print_known(opinion.value());
  return exit_code(opinion.value(), request.options.accept_known);
}

// The run's process was killed, or failed: what it saved is judged from outside.
base::Result<int> judge_remains(const RunDirectory& directory, int code, bool accept_known) {
  complain(fmt::format("the run's process died (exit code {}); what it saved is judged", code));
  const auto in_time = time_limit(kJudgeLimitS);
  TRY(const Opinion opinion,
      analyse_run(directory, [&] { return in_time() && held_interrupt().empty(); }));
  cli::print(stderr, "\n{}", opinion.summary);
  if (accept_known) print_known(opinion);
  return exit_code(opinion, accept_known);
}

std::string abandoned(const RunDirectory& directory) {
  std::string sentence = "interrupted twice: nothing was judged";
  if (!directory.has("run.json")) return sentence;
  return fmt::format("{}; 'seaworthy analyse {}' judges what was saved", sentence,
                     directory.path());
}

}  // namespace

bool was_interrupted(const std::string& path) {
  const auto directory = RunDirectory::open(path);
  if (!directory.ok()) return false;
  const auto evidence = load_evidence(directory.value());
  return evidence.ok() && !evidence.value().facts.interrupted.empty();
}

base::Result<int> run_contained(const ContainedRun& run) {
  TRY(const sandbox::Support support, sandbox::probe());
  if (const std::string interrupt = held_interrupt(); !interrupt.empty()) {
    complain(interrupt + " before the run began: nothing was judged");
    return kExitAbandoned;
  }
  TRY(const RunDirectory directory, RunDirectory::create(run.path, run.options.nodes));
  const RunRequest request{run.options, run.plan, directory, support, run.repeat, run.manner};
  const Reason reason;
  TRY(const int code, sandbox::contain(support, [&] { return run_and_judge(request, reason); }));
  // Nothing was begun: nothing is left.
  std::error_code error;
  if (!directory.has("run.json")) fs::remove_all(directory.path(), error);
  if (code == kExitAbandoned && !directory.has("verdict.json")) {
    complain(abandoned(directory));
    return kExitAbandoned;
  }
  if (judged(code) || code == kExitSkipped) return code;
  if (directory.has("run.json") && code != kExitUsage) {
    return judge_remains(directory, code, run.options.accept_known);
  }
  const std::string why = reason.text();
  return base::Error{
      base::ErrorCode::Unavailable,
      why.empty() ? fmt::format("the run's process died (exit code {})", code) : why};
}

}  // namespace check::run
