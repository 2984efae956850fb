// SPDX-License-Identifier: Apache-2.0
// One part of a breadth-first search: it owns the states whose fingerprints fall to it, expands
// them, and hands what falls to others to them. Workers share nothing, so each may have a thread:
//
//   expand()  takes states of this level; successors: own ones into the next level, others' into
//   outboxes adopt()   learns the numbers that another worker uses; nobody else may be at work
//   meanwhile absorb()  takes what another worker's outbox has for this one
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "explore/frontier.h"
#include "explore/visited.h"

namespace explore {

// A broken rule, and the action that broke it.
struct Finding {
  StateId before;
  Action action;
  Violation violation;
};

class Worker {
 public:
  // Requires: index < count; `bounds` and `renamings` outlive the worker.
  Worker(const Bounds& bounds, const Renamings& renamings, std::uint32_t index,
         std::uint32_t count);

  // Puts the empty cluster into the next level, if it falls to this worker.
  void begin();
  // Up to so many states of this level.
  void expand(std::uint64_t states);
  void adopt(const Worker& other);
  void absorb(Worker& other);
  // The next level becomes this one. Requires: this one is expanded.
  void advance();

  bool level_done() const { return level_.empty(); }
  std::uint64_t waiting() const { return level_.size() + next_level_.size(); }
  bool full() const { return full_; }
  const std::optional<Finding>& finding() const { return finding_; }
  Visited::Origin origin(StateId id) const;
  // The state that is being expanded, or was last.
  StateId at_work() const { return at_work_; }
  std::uint64_t states() const { return visited_.size(); }
  // Actions taken, whether they led to a new state or not.
  std::uint64_t actions() const { return actions_; }
  // Actions not taken because more messages would be in flight than the bounds allow.
  std::uint64_t crowded() const { return crowded_; }
  // Of all states added, whatever their order.
  std::uint64_t hash() const { return hash_; }
  const Catalogue& catalogue() const { return catalogue_; }

 private:
  struct Candidate {
    Action action;
    std::size_t server = 0;              // Whose state changes.
    std::optional<std::size_t> removed;  // The flight that is taken off the wire.
    Budget left;
    Transition transition;
    std::uint64_t lost_below = 0;  // Messages of lower terms are lost.
    HistoryId history{};
    std::uint64_t print = 0;
  };
  struct Outbox {
    Frontier states;
    std::vector<std::pair<std::uint64_t, Visited::Origin>> prints;
  };

  void expand(const State& state);
  void sum_up(const State& state);
  void propose_timeout(const State& state, std::size_t server);
  void propose_server_actions(const State& state, std::size_t server);
  void propose_deliveries(const State& state, std::size_t flight);
  void propose(const State& state, Candidate candidate);
  std::optional<std::uint64_t> find_lost_below(const State& state,
                                               const Candidate& candidate) const;
  bool may_campaign(const State& state, std::size_t server, const Transition& timeout);
  std::uint64_t print(const State& state, const Candidate& candidate) const;
  std::uint64_t lost_print(const State& state, const Candidate& candidate,
                           std::size_t renaming) const;
  State successor(const State& state, const Candidate& candidate) const;
  std::optional<Violation> judge(const State& state, const Candidate& candidate) const;
  void find(const State& state, Action action, const Violation& violation);
  void add(State& state, std::uint64_t print, Visited::Origin origin);
  std::uint64_t bytes() const;

  const Bounds& bounds_;
  std::uint32_t index_;
  std::uint32_t count_;
  std::uint64_t most_bytes_;  // For all but the visited states.
  Catalogue catalogue_;
  Visited visited_;
  Frontier level_;
  Frontier next_level_;
  std::vector<Outbox> outboxes_;                      // By worker.
  std::vector<Catalogue::Translation> translations_;  // From each worker's numbers.
  std::vector<std::uint64_t> sums_;                   // Of the state at work, for each renaming.
  std::vector<Candidate> candidates_;                 // Its successors.
  StateId at_work_{};
  std::optional<Finding> finding_;
  std::uint64_t actions_ = 0;
  std::uint64_t crowded_ = 0;
  std::uint64_t hash_ = 0;
  bool full_ = false;
};

}  // namespace explore
