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

// Between processes of ours: the run is invalid by accepted known bugs alone. To the user it is 0.
constexpr int kExitKnown = 6;

struct Opinion {
  verdict::Verdict verdict = verdict::Verdict::Unknown;
  std::vector<verdict::Finding> findings;
  std::string summary;
  std::string json;                // The content of verdict.json.
  std::string repeat;              // The command that runs the same again.
  bool only_known = false;         // verdict::only_known()
  std::vector<std::string> known;  // Each known bug found, once a checker, as a line.
  std::string not_saved;  // Why verdict.json and summary.txt are not there; empty: they are.
};

base::Result<Opinion> analyse_run(const RunDirectory& directory,
                                  const std::function<bool()>& keep_going);

// With `accept_known`, kExitKnown where known bugs are all that is wrong.
int exit_code(const Opinion& opinion, bool accept_known);

// The known bugs found, to standard output.
void print_known(const Opinion& opinion);

// Says yes until `seconds` have passed; always if it is 0.
std::function<bool()> time_limit(std::uint64_t seconds);

}  // namespace check::run
