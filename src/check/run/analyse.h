// SPDX-License-Identifier: Apache-2.0
// Judges what a run saved, and writes its verdict.json and summary.txt: the end of `check`, and all
// of `analyse`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/run/run_directory.h"
#include "check/verdict/finding.h"

namespace check::run {

constexpr int kExitValid = 0;
constexpr int kExitInvalid = 1;
constexpr int kExitUnknown = 2;
constexpr int kExitUsage = 3;

// How long judging a history may take unless the user says otherwise, in seconds.
constexpr std::uint64_t kJudgeLimitS = 300;

int exit_code(verdict::Verdict verdict);

// Between processes of ours: a run is invalid, but only by accepted known bugs; what is beside them
// is valid, or unknown.
constexpr int kExitKnown = 6;
constexpr int kExitKnownAndUnknown = 7;

// Whether the exit code is that of a verdict, which one, and as what the user sees it: accepted
// bugs count for nothing there.
bool judged(int code);
verdict::Verdict verdict_of(int code);
int shown_code(int code);

// What several runs come to: the worst of their verdicts.
class JoinedRuns {
 public:
  // Requires: judged(code).
  void take(int code);
  bool any() const { return any_; }
  int code() const;

 private:
  bool any_ = false;
  bool known_ = false;
  verdict::Verdict beside_ = verdict::Verdict::Valid;  // Known bugs.
};

struct Opinion {
  verdict::Verdict verdict = verdict::Verdict::Unknown;
  std::vector<verdict::Finding> findings;
  std::string summary;
  std::string json;    // The content of verdict.json.
  std::string repeat;  // The command that runs the same again.
  verdict::Verdict beside_known = verdict::Verdict::Unknown;  // verdict::beside_known()
  std::vector<std::string> known;  // Each known bug found, once a checker, as a line.
  std::string not_saved;  // Why verdict.json and summary.txt are not there; empty: they are.
};

base::Result<Opinion> analyse_run(const RunDirectory& directory,
                                  const std::function<bool()>& keep_going);

// With `accept_known`, kExitKnown or kExitKnownAndUnknown where only known bugs are wrong.
int exit_code(const Opinion& opinion, bool accept_known);

// The known bugs found, to standard output.
void print_known(const Opinion& opinion);

// Says yes until `seconds` have passed; always if it is 0.
std::function<bool()> time_limit(std::uint64_t seconds);

}  // namespace check::run
