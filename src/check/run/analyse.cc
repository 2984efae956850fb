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
#include "check/run/summary.h"
#include "check/verdict/verdict_json.h"

namespace check::run {

int exit_code(verdict::Verdict verdict) {
  switch (verdict) {
    case verdict::Verdict::Valid:
      return kExitValid;
    case verdict::Verdict::Unknown:
      return kExitUnknown;
    case verdict::Verdict::Invalid:
      return kExitInvalid;
  }
  return kExitUnknown;
}

namespace {

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

base::Result<Opinion> analyse_run(const RunDirectory& directory,
                                  const std::function<bool()>& keep_going) {
  TRY(const Evidence evidence, load_evidence(directory));
  TRY(const MessageOpinion messages, judge_messages(directory, evidence.facts, keep_going));
  std::vector<verdict::Finding> findings = judge(evidence, keep_going);
  findings.insert(findings.end(), messages.findings.begin(), messages.findings.end());
  TRY(const auto bugs, kept_known(directory));
  verdict::mark_known(findings, bugs, evidence.facts.target_version);
  Opinion opinion;
  opinion.only_known = verdict::only_known(findings);
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
  return accept_known && opinion.only_known ? kExitKnown : exit_code(opinion.verdict);
}

void print_known(const Opinion& opinion) {
  for (const std::string& line : opinion.known) fmt::print("{}\n", line);
  (void)std::fflush(stdout);
}

std::function<bool()> time_limit(std::uint64_t seconds) {
  if (seconds == 0) return [] { return true; };
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::seconds(static_cast<std::int64_t>(seconds));
  return [end] { return std::chrono::steady_clock::now() < end; };
}

}  // namespace check::run
