// SPDX-License-Identifier: Apache-2.0
// Loading what a verdict is formed from, and the order of the judges.
#include <fmt/format.h>

#include "check/history/reader.h"
#include "check/linear/linear.h"
#include "check/run/audit_file.h"
#include "check/run/fault_log.h"
#include "check/run/judge.h"
#include "check/run/links_table.h"

namespace check::run {

namespace {

// That went wrong and are told one by one: each may be a known bug, or not.
constexpr std::size_t kMostKeys = 20;

}  // namespace

const model::Model* model_of(const RunFacts& facts) {
  const auto kind = plan::work_kind(facts.workload);
  return kind ? model::find_model(plan::describe(*kind).model) : nullptr;
}

base::Result<Evidence> load_evidence(const RunDirectory& directory) {
  Evidence evidence;
  if (!directory.has("run.json")) {
    return base::Error{base::ErrorCode::NotFound,
                       fmt::format("{} is not a run: it has no run.json", directory.path())};
  }
  TRY(const std::string facts, directory.read("run.json"));
  TRY(evidence.facts, read_facts(facts, directory.file("run.json")));
  // A run that died during set-up has no events yet.
  if (directory.has("history.jsonl")) {
    TRY(const std::string text, directory.read("history.jsonl"));
    TRY(history::History history, history::read_history(text, directory.file("history.jsonl")));
    evidence.operations = std::move(history.operations);
    evidence.events = history.events;
  }
  if (directory.has("faults.jsonl")) {
    TRY(const std::string text, directory.read("faults.jsonl"));
    TRY(evidence.faults, read_faults(text, directory.file("faults.jsonl")));
  }
  if (directory.has("audit.json")) {
    TRY(const std::string text, directory.read("audit.json"));
    TRY(evidence.audit, read_audit(text, directory.file("audit.json")));
  }
  if (directory.has("links.json")) {
    TRY(const std::string text, directory.read("links.json"));
    TRY(evidence.links, links_table(text, directory.file("links.json")));
  }
  return evidence;
}

std::vector<verdict::Finding> judge(const Evidence& evidence,
                                    const std::function<bool()>& keep_going) {
  linear::Options how;
  how.model = model_of(evidence.facts);
  std::vector<verdict::Finding> findings =
      linear::check_each(evidence.operations, how, keep_going, kMostKeys);
  findings.insert(findings.end(),
                  {judge_liveness(evidence), judge_divergence(evidence), judge_faults(evidence),
                   judge_workload(evidence), judge_traffic(evidence)});
  return findings;
}

}  // namespace check::run
