// SPDX-License-Identifier: Apache-2.0
#include "check/run/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "check/monitor/audit.h"

namespace check::run {

namespace {

using faults::FaultState;
using history::Operation;
using history::Outcome;
using verdict::Finding;
using verdict::Verdict;

Finding finding(std::string checker, Verdict verdict, std::string sentence) {
  return {std::move(checker), verdict, std::move(sentence), {}, std::nullopt};
}

// Of a long value, a list mostly, the end.
std::string shown(const history::Value& value) {
  constexpr std::size_t kMost = 60;
  if (!value) return "nothing";
  if (value->size() <= kMost) return '"' + *value + '"';
  return fmt::format("{} bytes that end with \"{}\"", value->size(),
                     value->substr(value->size() - kMost / 2));
}

// The newest answer of each node to the final read of each key.
using FinalReads = std::map<std::string, std::map<std::uint32_t, const Operation*>>;
FinalReads final_reads(const std::vector<Operation>& operations) {
  FinalReads result;
  for (const Operation& operation : operations) {
    const bool counts =
        operation.final && operation.node.has_value() && operation.outcome == Outcome::Ok;
    if (!counts) continue;
    const Operation*& newest = result[operation.key][*operation.node];
    if (newest == nullptr || newest->called < operation.called) newest = &operation;
  }
  return result;
}

// Those that had nothing acknowledged between the end of the faults and the bound. What a client
// asked before counts for nothing: its answer may have been under way.
std::set<std::uint64_t> silent_clients(const Evidence& evidence) {
  const RunFacts& facts = evidence.facts;
  const history::Moment healed(facts.recovery.healed_ns);
  const history::Moment bound(facts.recovery.healed_ns + facts.recovery.bound_ms * 1'000'000);
  std::set<std::uint64_t> silent;
  for (std::uint64_t client = 0; client < facts.clients; ++client) silent.insert(client);
  for (const Operation& operation : evidence.operations) {
    const bool served = operation.outcome == Outcome::Ok && !operation.final &&
                        operation.called >= healed && operation.returned <= bound;
    if (served && facts.clients > 0) silent.erase(operation.process % facts.clients);
  }
  return silent;
}

// The end of a sentence.
std::string left_out(const RunFacts& facts) {
  return facts.left_out.empty() ? std::string() : "; left out were " + facts.left_out;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// The faults of a run, none of which failed.
struct FaultsSeen {
  std::set<std::uint64_t> fired;
  std::set<std::uint64_t> healed;
  std::map<std::string, std::uint32_t> fired_by_word;
  std::set<history::NodeId> struck;
  std::uint64_t rules_fired = 0;

  void take(const faults::FaultRecord& record) {
    const bool of_rule = record.fault.starts_with("rule ");  // Not planned one by one.
    if (record.state == FaultState::Healed && !of_rule) healed.insert(record.id);
    if (record.state != FaultState::Fired) return;
    struck.insert(record.nodes.begin(), record.nodes.end());
    if (of_rule) {
      rules_fired += 1;
      return;
    }
    fired.insert(record.id);
    std::istringstream words(record.fault);
    for (std::string word; words >> word;) fired_by_word[word] += 1;
  }
};

// What the plan requires and did not get; empty: nothing.
std::string missing_faults(const RunFacts& facts, const FaultsSeen& seen) {
  for (const auto& [word, least] : facts.require.fired) {
    const auto found = seen.fired_by_word.find(word);
    const std::uint32_t fired = found == seen.fired_by_word.end() ? 0 : found->second;
    if (fired >= least) continue;
    return fmt::format("the plan requires {} faults of kind {}, but {} fired{}", least, word, fired,
                       left_out(facts));
  }
  if (facts.require.every_node && seen.struck.size() < facts.nodes) {
    return fmt::format("the plan requires a fault on every node, but only {} of {} were struck",
                       seen.struck.size(), facts.nodes);
  }
  return {};
}

}  // namespace

Finding judge_liveness(const Evidence& evidence) {
  const RunFacts& facts = evidence.facts;
  const Recovery& recovery = facts.recovery;
  if (!facts.interrupted.empty() || !facts.finished || !recovery.complete) {
    return finding("liveness", Verdict::Unknown,
                   "the recovery after the faults was not seen to its end");
  }
  if (!recovery.not_healed.empty()) {
    return finding("liveness", Verdict::Unknown,
                   "the faults could not all be ended: " + recovery.not_healed);
  }
  if (!recovery.not_asked.empty()) {
    return finding("liveness", Verdict::Unknown,
                   "clients could not ask the system: " + recovery.not_asked);
  }
  if (!facts.own_exits.empty()) {
    return finding("liveness", Verdict::Unknown,
                   fmt::format("{}, which no fault did; see nodes/N/output.log",
                               fmt::join(facts.own_exits, ", ")));
  }
  // Whose last lines are gone says of nobody that he did nothing.
  if (evidence.events < facts.history_events.value_or(0)) {
    return finding("liveness", Verdict::Unknown,
                   fmt::format("history.jsonl has {} of the {} lines that were saved",
                               evidence.events, *facts.history_events));
  }
  const auto stuck = [&recovery](std::string sentence) {
    if (recovery.freed_by_restart) {
      sentence += *recovery.freed_by_restart ? "; a restart of all nodes freed it"
                                             : "; nor did it come back when all were restarted";
    }
    return finding("liveness", Verdict::Invalid, std::move(sentence));
  };
  const std::string within = fmt::format("within {} s of the end of the faults",
                                         static_cast<double>(recovery.bound_ms) / 1000);
  if (!recovery.not_ready.empty()) {
    return stuck(
        fmt::format("not every node came back {}: {}", within, first_line(recovery.not_ready)));
  }
  if (!recovery.leader_ms) return stuck("no node led " + within);
  if (const auto silent = silent_clients(evidence); !silent.empty()) {
    return stuck(fmt::format("client {} began no operation that was acknowledged {}",
                             fmt::join(silent, ", "), within));
  }
  if (!recovery.unread.empty()) {
    return finding("liveness", Verdict::Invalid,
                   fmt::format("not every key could be read through node n{} at the end",
                               fmt::join(recovery.unread, ", n")));
  }
  return finding("liveness", Verdict::Valid,
                 fmt::format("a leader {} ms after the faults, then every client and the read-back "
                             "through every node",
                             *recovery.leader_ms) +
                     (recovery.led.size() > 1
                          ? fmt::format(", while n{} led", fmt::join(recovery.led, ", then n"))
                          : ""));
}

Finding judge_divergence(const Evidence& evidence) {
  const FinalReads reads = final_reads(evidence.operations);
  for (const auto& [key, nodes] : reads) {
    for (const auto& [node, read] : nodes) {
      const Operation& first = *nodes.begin()->second;
      if (read->found == first.found) continue;
      Finding result =
          finding("divergence", Verdict::Invalid,
                  fmt::format("key {}: at the end n{} reads {}, but n{} reads {}", key,
                              nodes.begin()->first, shown(first.found), node, shown(read->found)));
      result.evidence = {first.invoked_at.value(), read->invoked_at.value()};
      return result;
    }
  }
  const auto complete = [&](const auto& entry) {
    return entry.second.size() == evidence.facts.nodes;
  };
  if (reads.size() != evidence.facts.keys || !std::ranges::all_of(reads, complete)) {
    return finding("divergence", Verdict::Unknown,
                   "not every key was read through every node at the end");
  }
  return finding("divergence", Verdict::Valid,
                 fmt::format("all {} nodes read the same {} keys at the end", evidence.facts.nodes,
                             evidence.facts.keys));
}

Finding judge_faults(const Evidence& evidence) {
  FaultsSeen seen;
  for (const faults::FaultRecord& record : evidence.faults) {
    if (record.state == FaultState::Failed) {
      return finding(
          "faults", Verdict::Unknown,
          fmt::format("\"{}\" at {:.3f} s had no effect that could be seen: {}", record.fault,
                      static_cast<double>(record.time.value()) / 1e9, record.observed));
    }
    seen.take(record);
  }
  const RunFacts& facts = evidence.facts;
  if (seen.fired.size() < facts.planned_faults || seen.healed.size() < seen.fired.size()) {
    return finding("faults", Verdict::Unknown,
                   fmt::format("of {} planned faults {} fired and {} ended", facts.planned_faults,
                               seen.fired.size(), seen.healed.size()));
  }
  if (const std::string missing = missing_faults(facts, seen); !missing.empty()) {
    return finding("faults", Verdict::Unknown, missing);
  }
  const bool nothing_left = facts.planned_faults == 0 && !facts.left_out.empty();
  return finding(
      "faults", nothing_left ? Verdict::Unknown : Verdict::Valid,
      fmt::format("all {} planned faults fired, were observed, and ended", facts.planned_faults) +
          (seen.rules_fired > 0 ? fmt::format("; rules fired {} times", seen.rules_fired) : "") +
          left_out(facts));
}

Finding judge_workload(const Evidence& evidence) {
  const RunFacts& facts = evidence.facts;
  std::uint64_t ok = 0;
  std::set<std::uint64_t> spoken;
  for (const Operation& operation : evidence.operations) {
    if (operation.outcome != Outcome::Ok || operation.final) continue;
    ok += 1;
    if (facts.clients > 0) spoken.insert(operation.process % facts.clients);
  }
  const std::uint64_t least = std::max<std::uint64_t>(kLeastOperations, facts.require.operations);
  if (ok < least) {
    return finding("workload", Verdict::Unknown,
                   fmt::format("only {} operations were acknowledged; at least {} are needed to "
                               "believe the run",
                               ok, least));
  }
  if (spoken.size() < facts.clients) {
    return finding("workload", Verdict::Unknown,
                   fmt::format("only {} of {} clients had an operation acknowledged", spoken.size(),
                               facts.clients));
  }
  return finding(
      "workload", Verdict::Valid,
      fmt::format("{} operations acknowledged, to each of {} clients", ok, facts.clients));
}

Finding judge_traffic(const Evidence& evidence) {
  if (!evidence.audit) {
    return finding("traffic", Verdict::Unknown,
                   evidence.facts.finished ? "the counts of an audit could not be read or saved"
                                           : "the run ended before the traffic was audited");
  }
  const monitor::Picture& audit = *evidence.audit;
  const std::size_t nodes = evidence.facts.nodes;
  if (audit.hosts.size() != nodes || audit.links.size() != nodes * (nodes - 1)) {
    return finding("traffic", Verdict::Unknown,
                   fmt::format("the audit counted {} nodes and {} links of {} nodes",
                               audit.hosts.size(), audit.links.size(), nodes));
  }
  if (const auto gap = monitor::find_gap(audit)) return finding("traffic", Verdict::Unknown, *gap);
  return finding("traffic", Verdict::Valid, monitor::describe(audit));
}

}  // namespace check::run
