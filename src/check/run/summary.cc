// SPDX-License-Identifier: Apache-2.0
#include "check/run/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "check/linear/linear.h"

namespace check::run {

namespace {

using history::Outcome;
using verdict::Finding;
using verdict::Verdict;

// Of a proof with more operations, the rest is in verdict.json.
constexpr std::size_t kShownOperations = 12;

// "partition leader 3 times, kill one once"
std::string faults_text(const Evidence& evidence) {
  std::map<std::string, int> counts;
  for (const faults::FaultRecord& record : evidence.faults) {
    if (record.state == faults::FaultState::Fired) counts[record.fault] += 1;
  }
  std::string text;
  for (const auto& [fault, count] : counts) {
    text += fmt::format("{}{} x {}", text.empty() ? "" : ", ", count, fault);
  }
  return text.empty() ? "none" : text;
}

std::string operations_text(const Evidence& evidence) {
  std::size_t ok = 0;
  std::size_t fail = 0;
  for (const history::Operation& operation : evidence.operations) {
    ok += operation.outcome == Outcome::Ok ? 1U : 0U;
    fail += operation.outcome == Outcome::Fail ? 1U : 0U;
  }
  return fmt::format("{} operations: {} ok, {} failed, {} unknown", evidence.operations.size(), ok,
                     fail, evidence.operations.size() - ok - fail);
}

// "full: 53201 messages of etcd"
std::string monitor_text(const RunFacts& facts) {
  const MessageFacts& messages = facts.messages;
  if (messages.protocol.empty()) return facts.monitor + ": messages were not understood";
  std::string text =
      fmt::format("{}: {} messages of {}", facts.monitor, messages.saved, messages.protocol);
  if (messages.lost > 0) {
    text += fmt::format("; {} more had no room in messages.jsonl", messages.lost);
  }
  for (const std::string& sentence : messages.not_understood) {
    text += "\n    not understood: " + sentence;
  }
  return text;
}

}  // namespace

std::string summary(const RunDirectory& directory, const Evidence& evidence,
                    std::span<const Finding> findings) {
  const RunFacts& facts = evidence.facts;
  std::string text = fmt::format("{}: {} {} on {} nodes, plan {}, seed {}\n",
                                 verdict::name(verdict::joined(findings)), facts.target,
                                 facts.target_version, facts.nodes, facts.plan, facts.seed);
  text += fmt::format("  tried: {} clients on {} keys; faults: {}\n", facts.clients, facts.keys,
                      faults_text(evidence));
  text += fmt::format("  seen:  {}\n", operations_text(evidence));
  if (facts.election_timeout_ms) {
    text += fmt::format("  election timeout: {} ms\n", *facts.election_timeout_ms);
  }
  if (!facts.interrupted.empty()) text += fmt::format("  interrupted: {}\n", facts.interrupted);
  text += fmt::format("  monitor: {}\n", monitor_text(facts));
  for (const Finding& finding : findings) {
    text += fmt::format("  {:<10} {:<7} {}\n", finding.checker, verdict::name(finding.verdict),
                        finding.sentence);
    if (finding.verdict != Verdict::Invalid) continue;
    const auto lines = linear::explain(evidence.operations, finding.evidence);
    for (std::size_t i = 0; i < std::min(lines.size(), kShownOperations); ++i) {
      text += "    " + lines[i] + '\n';
    }
    if (lines.size() > kShownOperations) {
      text +=
          fmt::format("    ... and {} more, in verdict.json\n", lines.size() - kShownOperations);
    }
  }
  if (!evidence.links.empty()) text += "  between the nodes, by the monitor:\n" + evidence.links;
  text += fmt::format("  run:    {}\n  repeat: {}\n", directory.path(), facts.repeat);
  return text;
}

}  // namespace check::run
