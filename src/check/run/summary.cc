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

// Of a proof with more lines, the rest is in verdict.json.
constexpr std::size_t kShownLines = 12;

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

// The operations, or the messages, that prove a violation, as lines.
std::vector<std::string> proof_of(const Finding& finding, const Evidence& evidence,
                                  const MessageOpinion& messages) {
  const auto same = [&](const Finding& one) { return one.checker == finding.checker; };
  if (std::ranges::none_of(messages.findings, same)) {
    return linear::explain(evidence.operations, finding.evidence);
  }
  std::vector<std::string> lines;
  for (const std::uint64_t id : finding.evidence) {
    const auto line = messages.listing.find(id);
    lines.push_back(fmt::format(
        "{}: {}", id, line == messages.listing.end() ? "" : std::string_view(line->second)));
  }
  return lines;
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
                    const MessageOpinion& messages, std::span<const Finding> findings) {
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
    text += fmt::format("  {:<19} {:<7} {}\n", finding.checker, verdict::name(finding.verdict),
                        finding.sentence);
    if (finding.verdict != Verdict::Invalid) continue;
    if (finding.known) text += fmt::format("    known as {}\n", *finding.known);
    const auto lines = proof_of(finding, evidence, messages);
    for (std::size_t i = 0; i < std::min(lines.size(), kShownLines); ++i) {
      text += "    " + lines[i] + '\n';
    }
    if (lines.size() > kShownLines) {
      text += fmt::format("    ... and {} more, in verdict.json\n", lines.size() - kShownLines);
    }
  }
  for (const std::string& note : messages.notes) text += "  not judged: " + note + '\n';
  if (!evidence.links.empty()) text += "  between the nodes, by the monitor:\n" + evidence.links;
  text += fmt::format("  run:    {}\n  repeat: {}\n", directory.path(), facts.repeat);
  return text;
}

}  // namespace check::run
