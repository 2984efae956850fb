// SPDX-License-Identifier: Apache-2.0
#include "check/linear/facts.h"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "check/linear/words.h"

namespace check::linear {

namespace {

using history::Function;
using history::Operation;
using history::Outcome;
using history::Value;

// Numbers the values of one key in the order in which they turn up.
class Values {
 public:
  explicit Values(std::size_t expected) { ids_.reserve(expected); }

  ValueId id(const Value& value) {
    if (!value) return 0;
    const auto next = static_cast<ValueId>(ids_.size() + 1);
    return ids_.try_emplace(std::string_view(*value), next).first->second;
  }
  std::size_t size() const { return ids_.size() + 1; }

 private:
  std::unordered_map<std::string_view, ValueId> ids_;  // Looked up only.
};

class Gathering {
 public:
  Gathering(const KeyHistory& key, bool failed_cas_means_mismatch)
      : key_(key),
        failed_cas_means_mismatch_(failed_cas_means_mismatch),
        values_(key.members.size() / 2 + 1) {}

  Facts gather();

 private:
  void sort_in(Position position);
  void sort_in_cas(Position position);
  void decide_the_unknown();
  void find_ambiguity();
  void find_unwritten();
  Violation unwritten(const Facts::Reading& reading) const;
  void blame(Violation violation);

  const KeyHistory& key_;
  bool failed_cas_means_mismatch_;
  Values values_;
  Facts facts_;
  std::vector<Facts::Writing> unknown_;
};

Facts Gathering::gather() {
  for (const Position position : key_.members) sort_in(position);
  facts_.value_count = values_.size();
  find_unwritten();
  decide_the_unknown();
  find_ambiguity();
  return std::move(facts_);
}

void Gathering::sort_in(Position position) {
  const Operation& operation = key_.all[position];
  if (operation.function == Function::Cas) return sort_in_cas(position);
  if (operation.function == Function::Read) {
    if (operation.outcome == Outcome::Ok) {
      facts_.readings.push_back({position, values_.id(operation.found)});
    }
    return;
  }
  if (operation.outcome == Outcome::Fail) return;
  const Facts::Writing writing{position, kNoValue, values_.id(operation.written)};
  (operation.outcome == Outcome::Ok ? facts_.writings : unknown_).push_back(writing);
}

void Gathering::sort_in_cas(Position position) {
  const Operation& operation = key_.all[position];
  if (operation.outcome == Outcome::Fail) {
    if (!operation.found_known) {
      if (failed_cas_means_mismatch_) facts_.mismatches.push_back(position);
      return;
    }
    facts_.readings.push_back({position, values_.id(operation.found)});
    if (operation.found == operation.expected) {
      blame({call_of(operation),
             did(operation) + ", although a cas from " + quoted(operation.expected) +
                 " cannot fail over that value",
             {position}});
    }
    return;
  }
  const Facts::Writing writing{position, values_.id(operation.expected),
                               values_.id(operation.written)};
  if (operation.outcome == Outcome::Ok) {
    facts_.writings.push_back(writing);
  } else if (writing.before != writing.after) {
    unknown_.push_back(writing);  // One that changes nothing says nothing.
  }
}

// Keeps those of the unknown whose value was seen, or was needed by one that is kept.
void Gathering::decide_the_unknown() {
  if (!facts_.mismatches.empty()) {
    facts_.writings.insert(facts_.writings.end(), unknown_.begin(), unknown_.end());
    return;
  }
  std::vector<std::vector<Facts::Writing>> candidates;
  std::vector<bool> seen(facts_.value_count, false);
  std::vector<ValueId> fresh;
  const auto see = [&seen, &fresh](ValueId value) {
    if (seen[value]) return;
    seen[value] = true;
    fresh.push_back(value);
  };
  for (const Facts::Reading& reading : facts_.readings) see(reading.seen);
  for (const Facts::Writing& writing : facts_.writings) {
    if (writing.before != kNoValue) see(writing.before);
  }
  if (unknown_.empty()) return;
  candidates.resize(facts_.value_count);
  for (const Facts::Writing& writing : unknown_) candidates[writing.after].push_back(writing);
  while (!fresh.empty()) {
    const ValueId value = fresh.back();
    fresh.pop_back();
    for (const Facts::Writing& writing : candidates[value]) {
      facts_.writings.push_back(writing);
      if (writing.before != kNoValue) see(writing.before);
    }
  }
}

void Gathering::find_ambiguity() {
  std::vector<bool> written(facts_.value_count, false);
  written[0] = true;
  facts_.unambiguous = facts_.mismatches.empty();
  for (const Facts::Writing& writing : facts_.writings) {
    if (written[writing.after]) facts_.unambiguous = false;
    written[writing.after] = true;
  }
}

void Gathering::find_unwritten() {
  std::vector<bool> written(facts_.value_count, false);
  written[0] = true;
  for (const Facts::Writing& writing : facts_.writings) written[writing.after] = true;
  for (const Facts::Writing& writing : unknown_) written[writing.after] = true;
  const Facts::Reading* earliest = nullptr;
  for (const Facts::Reading& reading : facts_.readings) {
    if (written[reading.seen]) continue;
    const auto call = [this](const Facts::Reading* of) { return call_of(key_.all[of->operation]); };
    if (earliest == nullptr || call(&reading) < call(earliest)) earliest = &reading;
  }
  if (earliest != nullptr) blame(unwritten(*earliest));
  for (const Facts::Writing& writing : facts_.writings) {
    if (writing.before == kNoValue || written[writing.before]) continue;
    const Operation& operation = key_.all[writing.operation];
    blame({call_of(operation),
           did(operation) + ", but nobody ever wrote " + quoted(operation.expected),
           {writing.operation}});
  }
}

Violation Gathering::unwritten(const Facts::Reading& reading) const {
  const Operation& operation = key_.all[reading.operation];
  Violation violation{
      call_of(operation), did(operation) + ", a value that nobody ever wrote", {reading.operation}};
  for (const Position position : key_.members) {
    const Operation& other = key_.all[position];
    const bool offered = other.outcome == Outcome::Fail && other.function != Function::Read;
    if (!offered || other.written != operation.found) continue;
    violation.sentence = did(operation) + ", a value that only process " +
                         std::to_string(other.process) + " offered, by a " + noun(other) +
                         " that failed (event " + std::to_string(telling_event(other)) + ")";
    violation.proof.push_back(position);
    break;
  }
  return violation;
}

void Gathering::blame(Violation violation) {
  if (facts_.absurd && facts_.absurd->known_at <= violation.known_at) return;
  facts_.absurd = std::move(violation);
}

}  // namespace

Facts gather_facts(const KeyHistory& key, bool failed_cas_means_mismatch) {
  return Gathering(key, failed_cas_means_mismatch).gather();
}

}  // namespace check::linear
