// SPDX-License-Identifier: Apache-2.0
// A server's steps as the journal sees them, and the log that they make, for the tests of this
// folder.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "journal/journal.h"

namespace journal {

inline constexpr std::uint64_t kSmallSegment = 3000;

inline Config small_config() { return {7, {1}, kSmallSegment}; }

inline raft::Entry entry(std::uint64_t term, std::uint64_t index,
                         std::optional<std::string> payload) {
  return {{raft::Term(term), raft::LogIndex(index)},
          payload ? raft::EntryKind::Command : raft::EntryKind::Noop,
          payload ? std::make_shared<const std::string>(std::move(*payload)) : nullptr};
}

// What a journal should give back.
struct Log {
  raft::HardState hard_state;
  std::vector<raft::Entry> entries;

  friend bool operator==(const Log& left, const Log& right) {
    const auto same = [](const raft::Entry& a, const raft::Entry& b) {
      const bool same_payload = (a.payload == nullptr) == (b.payload == nullptr) &&
                                (a.payload == nullptr || *a.payload == *b.payload);
      return a.id == b.id && a.kind == b.kind && same_payload;
    };
    return left.hard_state == right.hard_state &&
           std::equal(left.entries.begin(), left.entries.end(), right.entries.begin(),
                      right.entries.end(), same);
  }

  void take(const raft::Effects& effects) {
    if (effects.save) hard_state = *effects.save;
    if (effects.truncate_from) entries.resize(effects.truncate_from->value() - 1);
    entries.insert(entries.end(), effects.append.begin(), effects.append.end());
  }
};

inline Log log_of(Opened& opened) { return {opened.hard_state, std::move(opened.entries)}; }

// Draws steps that a Node could have taken after `log`: new terms, votes, appends of all sizes,
// truncations.
class Workload {
 public:
  explicit Workload(std::uint64_t seed) : prng_(seed) {}

  // Goes on from what was recovered: a new process counts its steps anew.
  void restart(const Log& log) {
    log_ = log;
    step_ = raft::StepNumber();
  }

  const Log& log() const { return log_; }
  raft::StepNumber step() const { return step_; }

  raft::Effects next() {
    raft::Effects effects;
    step_ = step_.next();
    effects.step = step_;
    const std::uint64_t kind = prng_.between(0, 5);
    if (kind == 0) effects.save = {log_.hard_state.term.next(), vote()};
    if (kind == 1 && !log_.entries.empty()) {
      const std::uint64_t from =
          prng_.between(std::max<std::uint64_t>(log_.entries.size(), 4) - 3, log_.entries.size());
      effects.truncate_from = raft::LogIndex(from);
    }
    append(effects, kind > 1 ? prng_.between(1, 3) : prng_.between(0, 1));
    log_.take(effects);
    return effects;
  }

 private:
  std::optional<raft::NodeId> vote() {
    if (prng_.between(0, 1) == 0) return std::nullopt;
    return raft::NodeId{static_cast<std::uint32_t>(prng_.between(1, 5))};
  }

  void append(raft::Effects& effects, std::uint64_t count) {
    std::uint64_t index =
        effects.truncate_from ? effects.truncate_from->value() : log_.entries.size() + 1;
    for (; count > 0; --count, ++index) {
      effects.append.push_back(entry(log_.hard_state.term.value(), index, payload()));
    }
    if (!effects.must_sync()) effects.append.push_back(entry(1, index, payload()));
  }

  // No-ops, short ones, long ones, and long ones of zeros: what an unwritten sector looks like.
  std::optional<std::string> payload() {
    switch (prng_.between(0, 5)) {
      case 0:
        return std::nullopt;
      case 1:
        return std::string(prng_.between(0, 1500), '\0');
      case 2:
        return std::string(prng_.between(500, 1500), 'x');
      default:
        return std::string(prng_.between(0, 40), 'y');
    }
  }

  base::Prng prng_;
  Log log_;
  raft::StepNumber step_;
};

}  // namespace journal
