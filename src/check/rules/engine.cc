// SPDX-License-Identifier: Apache-2.0
#include "check/rules/engine.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace check::rules {
namespace {

using history::NodeId;
using plan::Action;
using plan::ActionKind;
using plan::Who;

constexpr auto kKilling = {ActionKind::Kill, ActionKind::PowerCut, ActionKind::TornWrite};
constexpr auto kSilencing = {ActionKind::Kill, ActionKind::PowerCut, ActionKind::TornWrite,
                             ActionKind::Pause};

std::uint64_t nanoseconds(std::uint32_t thousandths, std::uint64_t election_timeout_ns) {
  return election_timeout_ns / 1000 * thousandths;
}

bool pauses(const Action& action) {
  return action.kind == ActionKind::Wait || action.kind == ActionKind::Rest;
}

// Nodes to which a firing does one of these before it pauses.
std::set<NodeId> struck_by(const Firing& firing, std::initializer_list<ActionKind> kinds) {
  std::set<NodeId> struck;
  for (const Step& step : firing.steps) {
    if (pauses(step.action) || step.action.after_delivery) break;
    if (std::ranges::find(kinds, step.action.kind) != kinds.end()) {
      struck.insert(step.nodes.begin(), step.nodes.end());
    }
  }
  return struck;
}

bool strikes_at_once(const Firing& firing) {
  return !firing.steps.empty() && !pauses(firing.steps.front().action) &&
         !firing.steps.front().action.after_delivery;
}

}  // namespace

Engine::Engine(const std::vector<plan::Rule>& rules, std::uint32_t nodes)
    : rules_(rules), node_count_(nodes), states_(rules.size()) {}

void Engine::start(std::uint64_t now_ns, std::uint64_t election_timeout_ns) {
  running_ = true;
  election_timeout_ns_ = election_timeout_ns;
  update_arming(now_ns);
}

Outcome Engine::stop() {
  running_ = false;
  Outcome outcome;
  for (const Held& held : held_) outcome.settled.push_back(held.ticket);
  held_.clear();
  for (const auto& [firing, striking] : striking_) {
    outcome.settled.insert(outcome.settled.end(), striking.tickets.begin(), striking.tickets.end());
  }
  striking_.clear();
  return outcome;
}

std::size_t Engine::index_of(const std::string& rule) const {
  const auto found = std::ranges::find(rules_, rule, &plan::Rule::name);
  CHECK(found != rules_.end(), rule);  // read_rules() has made sure.
  return static_cast<std::size_t>(found - rules_.begin());
}

bool Engine::has_fired(const std::string& rule) const { return states_[index_of(rule)].fired > 0; }

Marks Engine::marks() const {
  return [this](const std::string& rule) -> const Mark* {
    const auto& mark = states_[index_of(rule)].mark;
    return mark ? &*mark : nullptr;
  };
}

void Engine::update_arming(std::uint64_t now_ns) {
  for (std::size_t k = 0; k < rules_.size(); ++k) {
    const plan::When& when = rules_[k].when;
    Memory& memory = states_[k];
    if (!memory.arm_at_ns &&
        std::ranges::all_of(when.after, [this](const auto& rule) { return has_fired(rule); })) {
      memory.arm_at_ns = now_ns + nanoseconds(when.wait, election_timeout_ns_);
    }
    const bool spent = when.times != 0 && memory.fired >= when.times;
    const bool over = !when.until.empty() && has_fired(when.until);
    memory.state.armed =
        running_ && memory.arm_at_ns && *memory.arm_at_ns <= now_ns && !spent && !over;
  }
}

Outcome Engine::seen(const wire::Observation& observation) {
  Outcome outcome;
  roles_.observe(observation);
  if (!running_) return outcome;
  const std::uint64_t now = observation.time_ns;
  update_arming(now);
  const auto known = marks();
  // A rule that this message arms is for later ones.
  std::vector<std::size_t> armed;
  for (std::size_t k = 0; k < rules_.size(); ++k) {
    if (states_[k].state.armed && !rules_[k].when.types.empty()) armed.push_back(k);
  }
  for (const std::size_t k : armed) {
    const plan::Rule& rule = rules_[k];
    RuleState& state = states_[k].state;
    const bool decides = std::ranges::any_of(
        rule.actions, [](const Action& action) { return plan::strikes_message(action.kind); });
    // One message, one fate: that of the first rule that decides.
    if (decides && outcome.deed != nullptr) continue;
    if (!matches(rule.when, observation, roles_, known)) continue;
    state.matched += 1;
    if (state.matched < rule.when.nth) continue;
    fire(k, mark_of(observation), observation.id, now, outcome);
  }
  if (outcome.deed == nullptr && !outcome.stall) freeze(observation, outcome);
  fire_timers(now, outcome);
  release_held(now, outcome);
  if (round_over_) begin_round(now, outcome);
  return outcome;
}

// A message from or to a node that is about to be struck waits.
void Engine::freeze(const wire::Observation& observation, Outcome& outcome) {
  for (auto& [firing, striking] : striking_) {
    const std::set<NodeId>& frozen = striking.frozen;
    if (!frozen.contains(observation.from) && !frozen.contains(observation.to)) continue;
    outcome.stall = true;
    outcome.ticket = next_ticket_++;
    striking.tickets.push_back(outcome.ticket);
    return;
  }
}

Outcome Engine::at(std::uint64_t now_ns) {
  Outcome outcome;
  if (!running_) return outcome;
  fire_timers(now_ns, outcome);
  release_held(now_ns, outcome);
  if (round_over_) begin_round(now_ns, outcome);
  return outcome;
}

// What is held for a rule that did not fire in its round goes on.
void Engine::begin_round(std::uint64_t now_ns, Outcome& outcome) {
  round_over_ = false;
  for (Memory& memory : states_) {
    memory = {.state = {.armed = false, .matched = 0, .fired = memory.state.fired},
              .fired = 0,
              .arm_at_ns = std::nullopt,
              .mark = std::nullopt};
  }
  std::erase_if(held_, [&outcome](const Held& held) {
    if (!held.until.empty()) outcome.settled.push_back(held.ticket);
    return !held.until.empty();
  });
  update_arming(now_ns);
}

bool Engine::waits() const {
  return !held_.empty() || next_due_ns().has_value() ||
         (running_ && std::ranges::any_of(rules_, &plan::Rule::again));
}

// A rule that fires by time may arm another one.
void Engine::fire_timers(std::uint64_t now_ns, Outcome& outcome) {
  bool again = true;
  while (again) {
    again = false;
    update_arming(now_ns);
    for (std::size_t k = 0; k < rules_.size(); ++k) {
      if (!rules_[k].when.types.empty() || !states_[k].state.armed) continue;
      if (states_[k].fired > 0) continue;
      const NodeId leader = roles_.leader().value_or(NodeId{1});
      fire(k, {.from = leader, .to = leader, .index = {}, .term = {}, .context = {}}, 0, now_ns,
           outcome);
      again = true;
    }
  }
}

void Engine::fire(std::size_t rule, const Mark& mark, std::uint64_t message, std::uint64_t now_ns,
                  Outcome& outcome) {
  states_[rule].mark = mark;
  states_[rule].state.fired += 1;
  states_[rule].fired += 1;
  if (rules_[rule].again) round_over_ = true;
  Firing firing{
      .number = next_firing_++, .rule = rule, .message = message, .mark = mark, .steps = {}};
  const plan::Rule& fired = rules_[rule];
  for (const Action& action : fired.actions) {
    if (!plan::strikes_message(action.kind)) firing.steps.push_back(step_of(action, mark));
  }
  if (strikes_at_once(firing)) {
    striking_[firing.number] = {.frozen = struck_by(firing, kSilencing),
                                .killed = struck_by(firing, kKilling),
                                .tickets = {}};
  }
  if (message != 0) decide(fired, firing.number, now_ns, outcome);
  outcome.fired.push_back(std::move(firing));
  update_arming(now_ns);
}

void Engine::decide(const plan::Rule& rule, std::uint64_t firing, std::uint64_t now_ns,
                    Outcome& outcome) {
  const auto deed = std::ranges::find_if(
      rule.actions, [](const Action& action) { return plan::strikes_message(action.kind); });
  if (deed != rule.actions.end()) {
    const bool hold = deed->kind == ActionKind::Hold;
    if (hold && !deed->until.empty() && has_fired(deed->until)) return;
    outcome.deed = &*deed;
    outcome.stall = false;
    if (hold) {
      outcome.ticket = next_ticket_++;
      const std::uint64_t length = nanoseconds(deed->length, election_timeout_ns_);
      held_.push_back({outcome.ticket, deed->until.empty() ? now_ns + length : 0, deed->until});
    }
    return;
  }
  const auto striking = striking_.find(firing);
  if (striking == striking_.end() || outcome.deed != nullptr || outcome.stall) return;
  outcome.stall = true;
  outcome.ticket = next_ticket_++;
  striking->second.tickets.push_back(outcome.ticket);
}

void Engine::release_held(std::uint64_t now_ns, Outcome& outcome) {
  std::erase_if(held_, [&](const Held& held) {
    const bool over = held.until.empty() ? held.due_ns <= now_ns : has_fired(held.until);
    if (over) outcome.settled.push_back(held.ticket);
    return over;
  });
}

Outcome Engine::struck(std::uint64_t firing) {
  Outcome outcome;
  const auto striking = striking_.find(firing);
  if (striking == striking_.end()) return outcome;
  outcome.settled = std::move(striking->second.tickets);
  for (const NodeId node : striking->second.killed) roles_.forget(node);
  striking_.erase(striking);
  return outcome;
}

std::optional<std::uint64_t> Engine::next_due_ns() const {
  std::optional<std::uint64_t> due;
  const auto add = [&due](std::uint64_t time) { due = std::min(due.value_or(time), time); };
  if (!running_) return due;
  for (std::size_t k = 0; k < rules_.size(); ++k) {
    const Memory& memory = states_[k];
    const bool by_time = rules_[k].when.types.empty() && memory.fired == 0;
    const bool over = !rules_[k].when.until.empty() && has_fired(rules_[k].when.until);
    if (by_time && memory.arm_at_ns && !over) add(*memory.arm_at_ns);
  }
  for (const Held& held : held_) {
    if (held.until.empty()) add(held.due_ns);
  }
  return due;
}

std::set<NodeId> Engine::nodes_of(const Who& who, const Mark& mark) const {
  const NodeId leader = roles_.leader().value_or(NodeId{1});
  switch (who.kind) {
    case Who::Kind::Any:
    case Who::Kind::Candidate: {
      std::set<NodeId> all;
      for (std::uint32_t k = 1; k <= node_count_; ++k) all.insert({k});
      return all;
    }
    case Who::Kind::Leader:
      return {leader};
    case Who::Kind::Follower:  // In a circle behind the leader.
      return {{(leader.value - 1 + (who.number - 1) % (std::max(node_count_, 2U) - 1) + 1) %
                   node_count_ +
               1}};
    case Who::Kind::Node:
      return who.number <= node_count_ ? std::set<NodeId>{{who.number}} : std::set<NodeId>{};
    case Who::Kind::From:
    case Who::Kind::To: {
      const Mark* known = who.rule.empty() ? &mark : marks()(who.rule);
      if (known == nullptr) return {};
      return {who.kind == Who::Kind::From ? known->from : known->to};
    }
  }
  return {};
}

Step Engine::step_of(const Action& action, const Mark& mark) const {
  Step step{.action = action, .nodes = {}, .pairs = {}};
  if (action.kind >= ActionKind::Heal) return step;
  step.nodes = nodes_of(action.who, mark);
  const bool two = action.kind == ActionKind::Cut || action.kind == ActionKind::CutOneWay;
  const std::set<NodeId> others = two ? nodes_of(action.other, mark) : std::set<NodeId>{};
  for (const NodeId node : step.nodes) {
    for (const NodeId other : others) {
      step.pairs.insert({node, other});
      if (action.kind == ActionKind::Cut) step.pairs.insert({other, node});
    }
    step.pairs.merge(around(action.kind, node));
  }
  std::erase_if(step.pairs, [](const history::DirectedPair& pair) { return pair.from == pair.to; });
  return step;
}

std::set<history::DirectedPair> Engine::around(ActionKind kind, NodeId node) const {
  std::set<history::DirectedPair> pairs;
  const bool inward = kind == ActionKind::Isolate || kind == ActionKind::Deafen;
  const bool outward = kind == ActionKind::Isolate || kind == ActionKind::Mute;
  for (std::uint32_t k = 1; k <= node_count_; ++k) {
    if (inward) pairs.insert({{k}, node});
    if (outward) pairs.insert({node, {k}});
  }
  return pairs;
}

}  // namespace check::rules
