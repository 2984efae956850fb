// SPDX-License-Identifier: Apache-2.0
#include "check/run/analyse.h"

#include <chrono>
#include <utility>

#include "check/run/judge.h"
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

base::Result<Opinion> analyse_run(const RunDirectory& directory,
                                  const std::function<bool()>& keep_going) {
  TRY(const Evidence evidence, load_evidence(directory));
  TRY(const MessageOpinion messages, judge_messages(directory, evidence.facts, keep_going));
  std::vector<verdict::Finding> findings = judge(evidence, keep_going);
  findings.insert(findings.end(), messages.findings.begin(), messages.findings.end());
  Opinion opinion;
  opinion.verdict = verdict::joined(findings);
  opinion.json = verdict::verdict_json(findings);
  opinion.summary = summary(directory, evidence, messages, findings);
  opinion.repeat = evidence.facts.repeat;
  // A full disk does not take the verdict away.
  for (const auto& [name, content] :
       {std::pair("verdict.json", &opinion.json), std::pair("summary.txt", &opinion.summary)}) {
    const base::Status saved = directory.write(name, *content);
    if (!saved.ok()) opinion.not_saved = saved.error().message;
  }
  return opinion;
}

std::function<bool()> time_limit(std::uint64_t seconds) {
  if (seconds == 0) return [] { return true; };
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::seconds(static_cast<std::int64_t>(seconds));
  return [end] { return std::chrono::steady_clock::now() < end; };
}

}  // namespace check::run
