// SPDX-License-Identifier: Apache-2.0
// Runs a plan's rules: told of every message and of the time, it says what becomes of the message
// and what else is to be done. It does nothing itself.
//
//   seen(message) --> Outcome: the message's fate; firings with their steps; tickets to settle
//   struck(firing)             the steps up to the first pause are done: what waited for them goes
//   on at(time) -->               rules that fire by time; holds whose time is over
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "check/plan/rule.h"
#include "check/rules/match.h"
#include "check/rules/roles.h"

namespace check::rules {

// One action of a firing, with whom it strikes at that moment.
struct Step {
  plan::Action action;
  std::set<history::NodeId> nodes;
  std::set<history::DirectedPair> pairs;  // Of a cut, both directions spelled out.
};

struct Firing {
  std::uint64_t number = 0;  // 1, 2, 3, ...
  std::size_t rule = 0;
  std::uint64_t message = 0;  // Its id; 0: fired by time.
  Mark mark;
  // In order. None behind one that comes after delivery is before it.
  std::vector<Step> steps;
};

struct Outcome {
  // What becomes of the message: null: it is handed on. Never a node's or network's action.
  const plan::Action* deed = nullptr;
  // The message, and its direction with it, waits for settle of `ticket`. With a Hold as `deed`,
  // only the message does.
  bool stall = false;
  std::uint64_t ticket = 0;
  std::vector<Firing> fired;
  std::vector<std::uint64_t> settled;  // Tickets that go on now.
};

struct RuleState {
  bool armed = false;
  std::uint64_t matched = 0;  // In this round, since it was armed.
  std::uint64_t fired = 0;    // In all rounds.
};

class Engine {
 public:
  // Requires: `rules` outlive the engine.
  Engine(const std::vector<plan::Rule>& rules, std::uint32_t nodes);

  // Before this no rule is armed; roles are seen all along. Lengths are thousandths of
  // `election_timeout_ns`.
  void start(std::uint64_t now_ns, std::uint64_t election_timeout_ns);
  // From now on nothing fires; all that waits goes on.
  Outcome stop();

  Outcome seen(const wire::Observation& observation);
  Outcome at(std::uint64_t now_ns);
  // The steps of a firing up to its first wait or rest are done.
  Outcome struck(std::uint64_t firing);
  // When at() is to be called next.
  std::optional<std::uint64_t> next_due_ns() const;

  // Whether something is held, or a rule will fire by time, or rules begin anew again and again.
  bool waits() const;

  const RuleState& state(std::size_t rule) const { return states_[rule].state; }
  const Roles& roles() const { return roles_; }

 private:
  struct Memory {
    RuleState state;
    // Of this round:
    std::uint64_t fired = 0;
    std::optional<std::uint64_t> arm_at_ns;  // All of `after` have fired.
    std::optional<Mark> mark;
  };
  struct Held {
    std::uint64_t ticket = 0;
    std::uint64_t due_ns = 0;
    std::string until;
  };

  void update_arming(std::uint64_t now_ns);
  bool has_fired(const std::string& rule) const;
  std::size_t index_of(const std::string& rule) const;
  void fire(std::size_t rule, const Mark& mark, std::uint64_t message, std::uint64_t now_ns,
            Outcome& outcome);
  void decide(const plan::Rule& rule, std::uint64_t firing, std::uint64_t now_ns, Outcome& outcome);
  void freeze(const wire::Observation& observation, Outcome& outcome);
  void fire_timers(std::uint64_t now_ns, Outcome& outcome);
  void release_held(std::uint64_t now_ns, Outcome& outcome);
  void begin_round(std::uint64_t now_ns, Outcome& outcome);
  std::set<history::NodeId> nodes_of(const plan::Who& who, const Mark& mark) const;
  Step step_of(const plan::Action& action, const Mark& mark) const;
  // What a fault of this kind around the node silences.
  std::set<history::DirectedPair> around(plan::ActionKind kind, history::NodeId node) const;
  Marks marks() const;

  const std::vector<plan::Rule>& rules_;
  std::uint32_t node_count_;
  std::uint64_t election_timeout_ns_ = 0;
  bool running_ = false;
  bool round_over_ = false;  // A rule that says so has fired.
  std::vector<Memory> states_;
  Roles roles_;
  std::uint64_t next_firing_ = 1;
  std::uint64_t next_ticket_ = 1;
  std::vector<Held> held_;
  // Firings that are striking: whose packets wait, who dies, and the tickets of what waits.
  struct Striking {
    std::set<history::NodeId> frozen;
    std::set<history::NodeId> killed;
    std::vector<std::uint64_t> tickets;
  };
  std::map<std::uint64_t, Striking> striking_;
};

}  // namespace check::rules
