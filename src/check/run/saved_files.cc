// SPDX-License-Identifier: Apache-2.0
#include "check/run/saved_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "check/run/line_tail.h"
#include "check/run/plan_files.h"

namespace check::run {

namespace {

constexpr const char* kPlan = "plan.toml";
constexpr const char* kFaults = "faults.jsonl";

// More than were counted is nothing to complain of: nodes are asked, and end, to the very end.
std::string missing_lines(const RunDirectory& directory, const char* name, std::uint64_t saved) {
  LineTail lines(directory.file(name));
  std::uint64_t found = 0;
  while (found < saved && lines.next()) ++found;
  if (found == saved) return {};
  return fmt::format("{} has {} of the {} lines that were saved", name, found, saved);
}

// Rules are judged by what faults.jsonl says of them alone: one that had to fire has a line there,
// that it did or that it did not.
std::vector<std::string> missing_rules(const RunDirectory& directory, const Evidence& evidence) {
  const auto plan = load_plan(directory.file(kPlan));
  if (!plan.ok()) return {plan.error().message};
  std::vector<std::string> missing;
  for (const plan::Rule& rule : plan.value().rules) {
    const auto speaks_of_it = [&](const faults::FaultRecord& record) {
      return record.fault == "rule " + rule.name;
    };
    if (!rule.require || std::ranges::any_of(evidence.faults, speaks_of_it)) continue;
    missing.push_back(
        fmt::format("{} says nothing of the rule '{}', which had to fire", kFaults, rule.name));
  }
  return missing;
}

}  // namespace

std::optional<verdict::Finding> find_missing(const RunDirectory& directory,
                                             const Evidence& evidence) {
  const RunFacts& facts = evidence.facts;
  if (!facts.finished) return std::nullopt;
  std::vector<std::string> missing;
  const auto expect = [&](const char* name, std::uint64_t saved) {
    std::string sentence = directory.has(name) ? missing_lines(directory, name, saved)
                                               : fmt::format("{} is missing", name);
    if (!sentence.empty()) missing.push_back(std::move(sentence));
  };
  if (!facts.messages.protocol.empty()) expect("messages.jsonl", facts.messages.saved);
  expect(kFaults, facts.fault_events.value_or(0));
  expect("nodes.jsonl", facts.node_events.value_or(0));
  // What was interrupted may have ended before these were written; its liveness is unknown anyway.
  if (facts.interrupted.empty()) {
    expect("links.json", 0);
    expect(kPlan, 0);
    if (directory.has(kPlan)) {
      const std::vector<std::string> rules = missing_rules(directory, evidence);
      missing.insert(missing.end(), rules.begin(), rules.end());
    }
  }
  if (missing.empty()) return std::nullopt;
  return verdict::Finding{"files",
                          verdict::Verdict::Unknown,
                          fmt::format("{}", fmt::join(missing, "; ")),
                          {},
                          std::nullopt};
}

}  // namespace check::run
