// SPDX-License-Identifier: Apache-2.0
#include "check/run/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "check/plan/schedule.h"
#include "check/run/analyse.h"
#include "check/run/judge.h"
#include "check/run/leader_count.h"
#include "check/run/line_tail.h"
#include "check/run/monitor_choice.h"
#include "check/run/online_judge.h"
#include "check/run/plan_files.h"
#include "check/shrink/by_points.h"
#include "check/wire/observation.h"

namespace check::run {

namespace {

using faults::FaultRecord;
using faults::FaultState;
using history::Moment;
using history::Operation;
using history::Outcome;
using verdict::Finding;

constexpr std::uint32_t kMostNodes = 64;
constexpr std::uint32_t kMostSeconds = 7 * 24 * 3600;
constexpr std::uint64_t kMostElectionMs = 600'000;
constexpr std::uint64_t kAssumedElectionMs = 1000;
constexpr std::uint64_t kSecond = 1'000'000'000;

base::Error wrong(const std::string& sentence) { return {base::ErrorCode::Corrupt, sentence}; }

base::Status check_facts(const RunFacts& facts, const std::string& file) {
  if (facts.nodes < 1 || facts.nodes > kMostNodes) {
    return wrong(fmt::format("{}: 'nodes' must be from 1 to {}", file, kMostNodes));
  }
  if (facts.time_s < 1 || facts.time_s > kMostSeconds) {
    return wrong(fmt::format("{}: 'time_s' must be from 1 to {}", file, kMostSeconds));
  }
  const std::uint64_t election_ms = facts.election_timeout_ms.value_or(kAssumedElectionMs);
  if (election_ms < 1 || election_ms > kMostElectionMs) {
    return wrong(
        fmt::format("{}: 'election_timeout_ms' must be from 1 to {}", file, kMostElectionMs));
  }
  return check_monitor_name(facts.monitor);
}

// The records of one fault; `number`: the line of the first.
base::Status add_strike(const FaultRecord& record, const plan::Plan& plan,
                        std::map<std::uint64_t, shrink::Strike>& strikes) {
  const auto known = strikes.find(record.id);
  if (record.state == FaultState::Armed) {
    const bool there = record.lane >= 1 && record.lane <= plan.lanes.size() && record.step >= 1 &&
                       record.step <= plan.lanes[record.lane - 1].steps.size();
    const auto same = [&](const auto& entry) {
      return entry.second.lane == record.lane && entry.second.step == record.step;
    };
    if (!there || known != strikes.end() || std::ranges::any_of(strikes, same)) {
      return wrong(fmt::format("lane {}, step {} is no step of plan.toml that had not struck yet",
                               record.lane, record.step));
    }
    strikes[record.id] = {
        .lane = record.lane, .step = record.step, .leader = record.leader, .armed = record.time};
    return base::Done{};
  }
  if (known == strikes.end()) return wrong("a fault that was not armed");
  shrink::Strike& strike = known->second;
  if (record.time < std::max(strike.armed, strike.fired)) return wrong("time goes back");
  const bool fires = strike.fired == Moment();
  (fires ? strike.fired : strike.healed) = record.time;
  return base::Done{};
}

// Those of steps. A fault that the end of the run cut short ends with it.
base::Result<std::vector<shrink::Strike>> strikes_of(const std::vector<FaultRecord>& records,
                                                     const plan::Plan& plan,
                                                     const std::string& file, Moment end) {
  std::map<std::uint64_t, shrink::Strike> strikes;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].fault.starts_with("rule ")) continue;
    const base::Status added = add_strike(records[i], plan, strikes);
    if (!added.ok()) return wrong(fmt::format("{}:{}: {}", file, i + 1, added.error().message));
  }
  std::vector<shrink::Strike> result;
  for (auto& [id, strike] : strikes) {
    if (strike.fired == Moment()) strike.fired = std::max(strike.armed, end);
    if (strike.healed == Moment()) strike.healed = std::max(strike.fired, end);
    result.push_back(strike);
  }
  return result;
}

struct Talk {
  std::vector<Moment> leaders;           // When each new one first spoke.
  std::map<std::uint64_t, Moment> seen;  // When the messages that were asked for were.
};

base::Result<Talk> read_messages(const RunDirectory& directory,
                                 const std::set<std::uint64_t>& asked) {
  Talk talk;
  LeaderCount reigns;
  LineTail lines(directory.file("messages.jsonl"));
  while (lines.next()) {
    const auto parsed = wire::parse_observation(lines.line());
    if (!parsed.ok()) return lines.wrong(parsed.error());
    const Moment time(parsed.value().time_ns);
    if (reigns.begins(parsed.value().message)) talk.leaders.push_back(time);
    if (asked.contains(parsed.value().id)) talk.seen[parsed.value().id] = time;
  }
  std::ranges::sort(talk.leaders);
  return talk;
}

bool is_violation(const Finding& finding) { return finding.verdict == verdict::Verdict::Invalid; }

bool speaks_of(const Finding& finding, const Operation& operation) {
  const auto named = [&](history::EventIndex index) {
    return std::ranges::find(finding.evidence, index.value()) != finding.evidence.end();
  };
  return named(operation.invoked_at) || (operation.returned_at && named(*operation.returned_at));
}

bool rests_on_read_back(const Finding& finding, const std::vector<Operation>& operations) {
  return std::ranges::any_of(operations, [&](const Operation& operation) {
    return operation.final && speaks_of(finding, operation);
  });
}

void choose_wanted(const std::vector<Finding>& findings, const std::vector<Operation>& operations,
                   Recording& recording) {
  std::set<std::string> fresh;
  std::set<std::string> late;
  for (const Finding& finding : findings) {
    if (!is_violation(finding)) continue;
    recording.convicted.insert(finding.checker);
    if (!finding.known) fresh.insert(finding.checker);
    if (finding.checker == "linear" && rests_on_read_back(finding, operations)) {
      late.insert(finding.checker);
    }
  }
  const std::set<std::string>& candidates = fresh.empty() ? recording.convicted : fresh;
  recording.wanted = OnlineJudge::possible(candidates);
  for (const std::string& checker : late) recording.wanted.erase(checker);
  recording.needs_recovery = recording.wanted.empty();
  if (recording.needs_recovery) recording.wanted = candidates;
}

// When all that the finding rests on had happened.
Moment proven_at(const Finding& finding, const std::vector<Operation>& operations,
                 const Talk& talk) {
  Moment latest;
  if (finding.checker == "linear") {
    for (const Operation& operation : operations) {
      if (speaks_of(finding, operation)) {
        latest = std::max(latest, operation.returned.value_or(operation.called));
      }
    }
    return latest;
  }
  for (const std::uint64_t id : finding.evidence) {
    if (const auto seen = talk.seen.find(id); seen != talk.seen.end()) {
      latest = std::max(latest, seen->second);
    }
  }
  return latest;
}

// The earliest of what is wanted; the end where that shows only then.
Moment proof_of(const Recording& recording, const std::vector<Finding>& findings,
                const std::vector<Operation>& operations, const Talk& talk, Moment end) {
  if (recording.needs_recovery) return end;
  Moment earliest = end;
  for (const Finding& finding : findings) {
    if (!is_violation(finding) || !recording.wanted.contains(finding.checker)) continue;
    const Moment proven = proven_at(finding, operations, talk);
    if (proven > Moment()) earliest = std::min(earliest, proven);
  }
  return earliest;
}

struct Work {
  Moment began;
  Moment end;  // Of the clients; the read-back is not counted.
  std::vector<Moment> acknowledged;
};

Work work_of(const std::vector<Operation>& operations) {
  Work work;
  if (!operations.empty()) work.began = operations.front().called;
  for (const Operation& operation : operations) {
    work.began = std::min(work.began, operation.called);
    if (operation.final) continue;
    work.end = std::max(work.end, operation.returned.value_or(operation.called));
    if (operation.outcome == Outcome::Ok && operation.returned) {
      work.acknowledged.push_back(*operation.returned);
    }
  }
  std::ranges::sort(work.acknowledged);
  return work;
}

std::set<std::uint64_t> evidence_of(const std::vector<Finding>& findings) {
  std::set<std::uint64_t> ids;
  for (const Finding& finding : findings) {
    if (!is_violation(finding) || finding.checker == "linear") continue;
    ids.insert(finding.evidence.begin(), finding.evidence.end());
  }
  return ids;
}

}  // namespace

base::Result<Recording> load_recording(const RunDirectory& directory) {
  Recording recording;
  TRY(const Evidence evidence, load_evidence(directory));
  recording.facts = evidence.facts;
  TRY([[maybe_unused]] auto sane, check_facts(recording.facts, directory.file("run.json")));
  TRY(const plan::Plan plan, load_plan(directory.file("plan.toml")));
  TRY([[maybe_unused]] auto applicable, plan::check_applicable(plan, recording.facts.nodes));
  TRY(const Opinion opinion, analyse_run(directory, time_limit(kJudgeLimitS)));
  choose_wanted(opinion.findings, evidence.operations, recording);
  TRY(const Talk talk, read_messages(directory, evidence_of(opinion.findings)));

  const Work work = work_of(evidence.operations);
  shrink::Recorded recorded;
  recorded.began = work.began;
  recorded.election_timeout_ms = recording.facts.election_timeout_ms.value_or(kAssumedElectionMs);
  recorded.acknowledged = work.acknowledged;
  recorded.leaders = talk.leaders;
  TRY(recorded.strikes,
      strikes_of(evidence.faults, plan, directory.file("faults.jsonl"), work.end));
  recording.planned = recorded.strikes.size() + plan.rules.size();
  const Moment proof = proof_of(recording, opinion.findings, evidence.operations, talk,
                                std::max(work.began, work.end));
  std::erase_if(recorded.strikes, [&](const auto& strike) { return strike.armed > proof; });
  recording.proof_s =
      static_cast<std::uint32_t>(proof > work.began ? proof.since(work.began) / kSecond + 1 : 1);
  recording.plan = shrink::by_points(plan, recorded);
  return recording;
}

CheckOptions options_of(const Recording& recording) {
  CheckOptions options;
  options.target = recording.facts.target;
  options.nodes = recording.facts.nodes;
  options.time_s = recording.facts.time_s;
  options.seed = recording.facts.seed;
  for (const auto& [name, value] : recording.facts.settings) {
    options.set.push_back(fmt::format("{}={}", name, value));
  }
  options.monitor = recording.facts.monitor;
  options.accept_known = recording.facts.accept_known;
  return options;
}

Manner manner_of(const Recording& recording) {
  Manner manner;
  manner.election_timeout_ms = recording.facts.election_timeout_ms;
  manner.stop_at = recording.wanted;
  manner.ends_with_faults = true;
  manner.recovers = recording.needs_recovery;
  return manner;
}

}  // namespace check::run
