// SPDX-License-Identifier: Apache-2.0
#include "check/run/analyse.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "check/run/judge.h"
#include "check/run/known_file.h"
#include "check/run/message_judge.h"
#include "check/run/saved_files.h"
#include "check/run/summary.h"
#include "check/verdict/verdict_json.h"
#include "cli/output.h"

namespace check::run {

using verdict::Verdict;

int exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::Valid:
      return kExitValid;
    case Verdict::Unknown:
      return kExitUnknown;
    case Verdict::Invalid:
      return kExitInvalid;
  }
  return kExitUnknown;
}

bool judged(int code) {
  return code <= kExitUnknown || code == kExitKnown || code == kExitKnownAndUnknown;
}

Verdict verdict_of(int code) {
  if (code == kExitValid) return Verdict::Valid;
  return code == kExitUnknown ? Verdict::Unknown : Verdict::Invalid;
}

int shown_code(int code) {
  if (code == kExitKnown) return kExitValid;
  return code == kExitKnownAndUnknown ? kExitUnknown : code;
}

namespace {

// Of a run with accepted known bugs.
int with_known(Verdict beside) {
  switch (beside) {
    case Verdict::Valid:
      return kExitKnown;
    case Verdict::Unknown:
      return kExitKnownAndUnknown;
    case Verdict::Invalid:
      return kExitInvalid;
  }
  return kExitInvalid;
}

std::vector<std::string> known_lines(const std::vector<verdict::Finding>& findings,
                                     const std::vector<verdict::KnownBug>& bugs) {
  std::vector<std::string> lines;
  for (const verdict::Finding& finding : findings) {
    if (!finding.known) continue;
    const auto bug = std::ranges::find(bugs, *finding.known, &verdict::KnownBug::id);
    std::string line = fmt::format("known: {}: {} ({})", bug->id, bug->about, finding.checker);
    if (std::ranges::find(lines, line) == lines.end()) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

void JoinedRuns::take(int code) {
  any_ = true;
  const bool known = code == kExitKnown || code == kExitKnownAndUnknown;
  known_ = known_ || known;
  beside_ = std::max(beside_, known ? verdict_of(shown_code(code)) : verdict_of(code));
}

int JoinedRuns::code() const { return known_ ? with_known(beside_) : exit_code(beside_); }

base::Result<Opinion> analyse_run(const RunDirectory& directory,
                                  const std::function<bool()>& keep_going) {
  TRY(const Evidence evidence, load_evidence(directory));
  TRY(const MessageOpinion messages, judge_messages(directory, evidence.facts, keep_going));
  std::vector<verdict::Finding> findings = judge(evidence, keep_going);
  if (auto missing = find_missing(directory, evidence)) findings.push_back(*std::move(missing));
  findings.insert(findings.end(), messages.findings.begin(), messages.findings.end());
  TRY(const auto bugs, kept_known(directory));
  verdict::mark_known(findings, bugs, evidence.facts.target_version);
  Opinion opinion;
  opinion.beside_known = verdict::beside_known(findings);
  opinion.known = known_lines(findings, bugs);
  opinion.verdict = verdict::joined(findings);
  opinion.json = verdict::verdict_json(findings);
  opinion.summary = summary(directory, evidence, messages, findings);
  opinion.repeat = evidence.facts.repeat;
  opinion.findings = findings;
  // A full disk does not take the verdict away.
  for (const auto& [name, content] :
       {std::pair("verdict.json", &opinion.json), std::pair("summary.txt", &opinion.summary)}) {
    const base::Status saved = directory.write(name, *content);
    if (!saved.ok()) opinion.not_saved = saved.error().message;
  }
  return opinion;
}

int exit_code(const Opinion& opinion, bool accept_known) {
  if (!accept_known || opinion.verdict != Verdict::Invalid) return exit_code(opinion.verdict);
  return with_known(opinion.beside_known);
}

void print_known(const Opinion& opinion) {
  for (const std::string& line : opinion.known) cli::print("{}\n", line);
  (void)std::fflush(stdout);
}

std::function<bool()> time_limit(std::uint64_t seconds) {
  if (seconds == 0) return [] { return true; };
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::seconds(static_cast<std::int64_t>(seconds));
  return [end] { return std::chrono::steady_clock::now() < end; };
}

}  // namespace check::run
