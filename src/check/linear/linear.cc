// SPDX-License-Identifier: Apache-2.0
#include "check/linear/linear.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "check/linear/facts.h"
#include "check/linear/lists.h"
#include "check/linear/search.h"
#include "check/linear/turns.h"
#include "check/linear/violation.h"
#include "check/linear/words.h"
#include "check/linear/zones.h"

namespace check::linear {

namespace {

using history::Function;
using history::Operation;
using history::Outcome;
using verdict::Finding;
using verdict::Verdict;

struct Key {
  std::string_view name;
  std::vector<Position> members;
};

std::vector<Key> by_key(std::span<const Operation> operations) {
  std::vector<Key> keys;
  std::unordered_map<std::string_view, std::size_t> places;  // Looked up only.
  for (std::size_t at = 0; at < operations.size(); ++at) {
    const auto [place, fresh] = places.try_emplace(operations[at].key, keys.size());
    if (fresh) keys.push_back({operations[at].key, {}});
    keys[place->second].members.push_back(static_cast<Position>(at));
  }
  std::sort(keys.begin(), keys.end(),
            [](const Key& left, const Key& right) { return left.name < right.name; });
  return keys;
}

// What was found out about one key.
struct Opinion {
  Verdict verdict = Verdict::Valid;
  Violation violation;  // If Invalid.
  std::string reason;   // If Unknown.
};

Opinion invalid(Violation violation) { return {Verdict::Invalid, std::move(violation), {}}; }

// Whether the operation's outcome restricts anything; see facts.h for the register's finer rule.
bool says_something(const Operation& operation, bool failed_cas_means_mismatch) {
  if (operation.outcome == Outcome::Ok) return true;
  if (operation.function == Function::Read) return false;
  if (operation.outcome == Outcome::Info) return true;
  if (operation.function != Function::Cas) return false;
  return operation.found_known || failed_cas_means_mismatch;
}

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

class Judge {
 public:
  Judge(std::span<const Operation> operations, const Options& options, const KeepGoing& keep_going)
      : operations_(operations), options_(options), keep_going_(keep_going) {
    if (options_.model == nullptr) options_.model = model::find_model("register");
    CHECK(options_.model != nullptr);
  }

  Opinion judge(const Key& key) const;

 private:
  Opinion judge_register(const KeyHistory& key) const;
  Opinion judge_by_search(const KeyHistory& key) const;
  Violation explain_stuck(const SearchResult& result) const;

  std::span<const Operation> operations_;
  Options options_;
  const KeepGoing& keep_going_;
};

Opinion Judge::judge(const Key& key) const {
  if (keep_going_ && !keep_going_()) return {Verdict::Unknown, {}, "the time limit came first"};
  for (const Position position : key.members) {
    if (options_.model->knows(operations_[position].function)) continue;
    return {Verdict::Unknown,
            {},
            "event " + std::to_string(operations_[position].invoked_at.value()) +
                " is of a kind, " + noun(operations_[position]) + ", that the model " +
                std::string(options_.model->name) + " does not have"};
  }
  if (options_.model->name == "register") return judge_register({operations_, key.members});

  std::vector<Position> telling;
  for (const Position position : key.members) {
    const bool telling_one =
        says_something(operations_[position], options_.failed_cas_means_mismatch);
    if (telling_one) telling.push_back(position);
  }
  const KeyHistory told = {operations_, telling};
  if (options_.model->name == "list") {
    ListOpinion opinion = judge_list(told);
    if (opinion.violation) return invalid(*std::move(opinion.violation));
    if (opinion.decided) return {};
  }
  return judge_by_search(told);
}

Opinion Judge::judge_register(const KeyHistory& key) const {
  Facts facts = gather_facts(key, options_.failed_cas_means_mismatch);
  if (facts.absurd) return invalid(*std::move(facts.absurd));
  if (facts.unambiguous) {
    auto violation = judge_by_zones(key, facts);
    return violation ? invalid(*std::move(violation)) : Opinion();
  }
  std::vector<Position> telling = std::move(facts.mismatches);
  for (const Facts::Reading& reading : facts.readings) telling.push_back(reading.operation);
  for (const Facts::Writing& writing : facts.writings) telling.push_back(writing.operation);
  std::sort(telling.begin(), telling.end());
  return judge_by_search({operations_, telling});
}

Opinion Judge::judge_by_search(const KeyHistory& key) const {
  const SearchResult result = search(key, *options_.model, {options_.memory_bytes, &keep_going_});
  const std::string effort = " after " + std::to_string(result.configurations) +
                             " configurations of its " + std::to_string(key.members.size()) +
                             " operations";
  switch (result.answer) {
    case SearchResult::Answer::Linearizable:
      return {};
    case SearchResult::Answer::NotLinearizable:
      return invalid(explain_stuck(result));
    case SearchResult::Answer::OutOfTime:
      return {Verdict::Unknown, {}, "the time limit came first," + effort};
    case SearchResult::Answer::OutOfMemory:
      return {Verdict::Unknown,
              {},
              "the memory limit of " + std::to_string(options_.memory_bytes >> 20U) +
                  " MiB came first," + effort};
  }
  return {};
}

Violation Judge::explain_stuck(const SearchResult& result) const {
  const Operation& stuck = operations_[result.stuck];
  Violation violation;
  violation.known_at = return_of(stuck);
  violation.proof = result.open;
  violation.proof.push_back(result.stuck);
  violation.sentence = did(stuck) +
                       ", which no order of the operations explains: the furthest leads to " +
                       quoted(options_.model->content(result.state));
  if (result.cause != kNobody) {
    violation.proof.push_back(result.cause);
    violation.sentence += ", since " + did(operations_[result.cause]);
  }
  if (!result.open.empty()) {
    violation.sentence += ", with " + counted(result.open.size(), "other operation") + " under way";
  }
  return violation;
}

std::vector<std::uint64_t> event_indexes(std::span<const Operation> operations,
                                         const std::vector<Position>& proof) {
  std::vector<std::uint64_t> indexes;
  indexes.reserve(proof.size());
  for (const Position position : proof) indexes.push_back(telling_event(operations[position]));
  std::sort(indexes.begin(), indexes.end());
  indexes.erase(std::unique(indexes.begin(), indexes.end()), indexes.end());
  return indexes;
}

std::string valid_sentence(std::span<const Operation> operations, std::size_t keys) {
  const auto unknown = static_cast<std::size_t>(
      std::count_if(operations.begin(), operations.end(),
                    [](const Operation& operation) { return operation.outcome == Outcome::Info; }));
  std::string sentence =
      counted(operations.size(), "operation") + " on " + counted(keys, "key") + " are linearizable";
  if (unknown > 0) sentence += "; the outcome of " + std::to_string(unknown) + " is unknown";
  return sentence;
}

std::string key_prefix(const Key& key) {
  const bool plain =
      !key.name.empty() && std::all_of(key.name.begin(), key.name.end(),
                                       [](char byte) { return byte > ' ' && byte < '\x7f'; });
  return "key " + (plain ? std::string(key.name) : quoted(std::string(key.name))) + ": ";
}

}  // namespace

std::vector<Finding> check_each(std::span<const Operation> operations, const Options& options,
                                const KeepGoing& keep_going, std::size_t most) {
  CHECK(operations.size() < kNobody, operations.size());
  const std::vector<Operation> turns = in_turn(operations);
  if (!turns.empty()) operations = turns;
  const std::vector<Key> keys = by_key(operations);
  const Judge judge(operations, options, keep_going);
  Finding healthy{"linear", Verdict::Valid, {}, {}, std::nullopt};
  std::vector<std::pair<std::uint64_t, Finding>> violations;  // With when they were known.
  for (const Key& key : keys) {
    const Opinion opinion = judge.judge(key);
    if (opinion.verdict == Verdict::Unknown && healthy.verdict == Verdict::Valid) {
      healthy.verdict = Verdict::Unknown;
      healthy.sentence = key_prefix(key) + "not decided: " + opinion.reason;
    }
    if (opinion.verdict != Verdict::Invalid) continue;
    const Violation& violation = opinion.violation;
    violations.emplace_back(
        violation.known_at,
        Finding{"linear", Verdict::Invalid, key_prefix(key) + violation.sentence,
                event_indexes(operations, violation.proof), std::nullopt});
  }
  if (violations.empty() && healthy.verdict == Verdict::Valid) {
    healthy.sentence = valid_sentence(operations, keys.size());
  }
  std::ranges::stable_sort(violations, {}, &std::pair<std::uint64_t, Finding>::first);
  std::vector<Finding> findings;
  findings.reserve(violations.size() + 1);
  for (auto& [known_at, finding] : violations) findings.push_back(std::move(finding));
  if (findings.size() > most) {
    const std::size_t others = findings.size() - most;
    findings.resize(most);
    findings.back().sentence += " (" + counted(others, "other key") + " went wrong, too)";
  }
  if (!healthy.sentence.empty()) findings.push_back(std::move(healthy));
  return findings;
}

Finding check(std::span<const Operation> operations, const Options& options,
              const KeepGoing& keep_going) {
  return check_each(operations, options, keep_going, 1).front();
}

std::vector<std::string> explain(std::span<const Operation> operations,
                                 std::span<const std::uint64_t> evidence) {
  std::vector<const Operation*> named;
  for (const Operation& operation : operations) {
    const auto is_named = [&evidence](std::uint64_t index) {
      return std::find(evidence.begin(), evidence.end(), index) != evidence.end();
    };
    const bool by_return = operation.returned_at && is_named(operation.returned_at->value());
    if (by_return || is_named(operation.invoked_at.value())) named.push_back(&operation);
  }
  std::stable_sort(named.begin(), named.end(), [](const Operation* left, const Operation* right) {
    return left->called < right->called;
  });
  std::vector<std::string> lines;
  lines.reserve(named.size());
  for (const Operation* operation : named) lines.push_back(row(*operation));
  return lines;
}

}  // namespace check::linear
