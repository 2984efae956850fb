// SPDX-License-Identifier: Apache-2.0
#include "check/faults/rule_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "check/faults/rule_fate.h"
#include "check/plan/schedule.h"

namespace check::faults {

namespace {

using monitor::Fate;
using plan::ActionKind;

// A rule that fires at every message is not reported each time.
constexpr std::uint64_t kMostReports = 20;
// Messages whose refusal by the monitor, which follows at once, can be put down to a rule.
constexpr std::size_t kMostDecided = 1000;
// Firings that do something beside the message, at a time.
constexpr std::size_t kMostThreads = 64;

// The clock of the monitor's observations.
std::uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

std::string text(const wire::Observation& seen) {
  const rules::Mark mark = rules::mark_of(seen);
  std::string result = fmt::format("message {}: {} n{}>n{}", seen.id, wire::name(seen.message.type),
                                   seen.from.value, seen.to.value);
  if (mark.term) result += fmt::format(" term {}", *mark.term);
  if (mark.index) result += fmt::format(" index {}", *mark.index);
  return result;
}

// Before it the firing lets others go on.
bool pauses(const rules::Step& step) {
  return step.action.kind == ActionKind::Wait || step.action.kind == ActionKind::Rest ||
         step.action.after_delivery;
}

bool strikes_process(const rules::Step& step) {
  const ActionKind kind = step.action.kind;
  return kind == ActionKind::Kill || kind == ActionKind::Start || kind == ActionKind::Pause ||
         kind == ActionKind::Resume;
}

// The nodes whose processes are struck from here on until it pauses.
std::set<history::NodeId> struck_next(std::span<const rules::Step> steps) {
  std::set<history::NodeId> nodes;
  for (std::size_t k = 0; k < steps.size() && (k == 0 || !pauses(steps[k])); ++k) {
    if (strikes_process(steps[k])) nodes.insert(steps[k].nodes.begin(), steps[k].nodes.end());
  }
  return nodes;
}

class Turn {
 public:
  Turn(RuleStrikes& strikes, std::set<history::NodeId> nodes)
      : strikes_(strikes), nodes_(std::move(nodes)) {
    strikes_.take_turn(nodes_);
  }
  ~Turn() { strikes_.end_turn(nodes_); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  RuleStrikes& strikes_;
  std::set<history::NodeId> nodes_;
};

}  // namespace

RuleRunner::RuleRunner(Surroundings surroundings, const Options& options)
    : around_(std::move(surroundings)), options_(options), engine_(options.rules, options.nodes) {}

RuleRunner::~RuleRunner() { stop(); }

void RuleRunner::start(monitor::RaftMonitor& monitor, std::uint64_t election_timeout_ms) {
  {
    const std::lock_guard lock(mutex_);
    monitor_ = &monitor;
    running_ = true;
    election_timeout_ms_ = election_timeout_ms;
    strikes_ = std::make_unique<RuleStrikes>(around_, election_timeout_ms);
    engine_.start(monotonic_ns(), election_timeout_ms * 1'000'000);
  }
  timers_ = std::thread([this] { run_timers(); });
}

void RuleRunner::stop() {
  std::map<std::uint64_t, std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    if (!running_) return;
    running_ = false;
    take(engine_.stop(), "");
    threads = std::exchange(threads_, {});
  }
  changed_.notify_all();
  strikes_->let_clients_go();
  timers_.join();
  for (auto& [firing, thread] : threads) thread.join();
  strikes_->let_go();
  report_unfired();
}

void RuleRunner::let_clients_go() {
  if (strikes_) strikes_->let_clients_go();  // A run may end before its rules began.
}

bool RuleRunner::done() {
  const std::lock_guard lock(mutex_);
  bool required = false;
  for (std::size_t k = 0; k < options_.rules.size(); ++k) {
    if (!options_.rules[k].require) continue;
    required = true;
    const std::uint32_t times = std::max(options_.rules[k].when.times, 1U);
    if (engine_.state(k).fired < times) return false;
  }
  return required && threads_.size() == finished_.size() && !engine_.waits();
}

Fate RuleRunner::seen(const wire::Observation& observation, const wire::Frame& frame) {
  last_action_.clear();
  const std::lock_guard lock(mutex_);
  const rules::Outcome outcome = engine_.seen(observation);
  Fate fate = fate_of(outcome, observation, frame);
  for (const rules::Firing& firing : outcome.fired) {
    if (!options_.rules[firing.rule].actions.empty()) decided_[observation.id] = firing.rule;
    if (decided_.size() > kMostDecided) decided_.erase(decided_.begin());
  }
  take(outcome, text(observation));
  return fate;
}

void RuleRunner::opaque(history::DirectedPair /*pair*/, std::uint64_t /*connection*/,
                        const std::string& /*why*/) {}

void RuleRunner::refused(std::uint64_t id, const std::string& why) {
  const std::lock_guard lock(mutex_);
  const auto found = decided_.find(id);
  if (found == decided_.end()) return;
  report({.number = 0, .rule = found->second, .message = id, .mark = {}, .steps = {}},
         FaultState::Failed, fmt::format("message {} was handed on: {}", id, why));
}

void RuleRunner::lost(std::uint64_t /*ticket*/) {}

Fate RuleRunner::fate_of(const rules::Outcome& outcome, const wire::Observation& observation,
                         const wire::Frame& frame) {
  Fate fate;
  if (outcome.deed == nullptr) {
    if (outcome.stall) fate.kind = Fate::Kind::Stall;
    fate.ticket = outcome.ticket;
    return fate;
  }
  auto done = fate_by(*outcome.deed, election_timeout_ms_, observation, frame, options_.protocol);
  if (!done.ok()) {  // To messages of its type it can be done, but not to this one as it came.
    report_not_done(outcome, text(observation) + ": " + done.error().message);
    return fate;
  }
  last_action_ = plan::describe(*outcome.deed);
  fate = std::move(done).value();
  fate.ticket = outcome.ticket;
  return fate;
}

// Of a rule that fires again and again one message more or less makes no difference.
void RuleRunner::report_not_done(const rules::Outcome& outcome, const std::string& why) {
  for (const rules::Firing& firing : outcome.fired) {
    const plan::Rule& rule = options_.rules[firing.rule];
    const bool decides = std::ranges::any_of(
        rule.actions, [&outcome](const plan::Action& action) { return &action == outcome.deed; });
    if (decides && rule.when.times == 1) report(firing, FaultState::Failed, why);
  }
}

// Requires: mutex_ is held.
void RuleRunner::take(const rules::Outcome& outcome, const std::string& what) {
  for (const std::uint64_t ticket : outcome.settled) {
    monitor_->settle(ticket, monitor::Settled::HandOn);
  }
  for (const std::uint64_t firing : std::exchange(finished_, {})) {
    threads_.at(firing).join();
    threads_.erase(firing);
  }
  for (const rules::Firing& firing : outcome.fired) {
    const std::string deed = last_action_.empty() ? "" : ": " + last_action_;
    const std::string guess =
        engine_.roles().leader() ? "" : "; no leader known: n1 is taken for it";
    if (firing.steps.empty()) {
      if (++reported_[firing.rule] > kMostReports) continue;
      report(firing, FaultState::Fired, what + deed);
      report(firing, FaultState::Healed, "done");
    } else if (threads_.size() >= kMostThreads) {
      report(firing, FaultState::Failed, "too many rules at work at once");
      take(engine_.struck(firing.number), "");
    } else {
      report(firing, FaultState::Armed, (what.empty() ? "by time" : what + deed) + guess);
      threads_.emplace(firing.number, std::thread([this, firing] { carry_out(firing); }));
    }
  }
  changed_.notify_all();
}

void RuleRunner::run_timers() {
  std::unique_lock lock(mutex_);
  while (running_) {
    const auto due = engine_.next_due_ns();
    const std::uint64_t now = monotonic_ns();
    if (due && *due <= now) {
      last_action_.clear();
      take(engine_.at(now), "");
    } else if (due) {
      changed_.wait_for(lock, std::chrono::nanoseconds(static_cast<std::int64_t>(*due - now)));
    } else {
      changed_.wait(lock);
    }
  }
}

bool RuleRunner::wait(std::uint64_t length_ms) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(static_cast<std::int64_t>(length_ms)),
                            [this] { return !running_; });
}

// In the firing's own thread.
void RuleRunner::carry_out(const rules::Firing& firing) {
  std::string done;
  const base::Status carried_out = carry_out(firing, done);
  if (carried_out.ok()) {
    report(firing, FaultState::Fired, done);
    report(firing, FaultState::Healed, "done");
  } else {
    report(firing, FaultState::Failed, done + carried_out.error().message);
  }
  const std::lock_guard lock(mutex_);
  if (!running_) return;
  take(engine_.struck(firing.number), "");
  finished_.push_back(firing.number);
}

base::Status RuleRunner::carry_out(const rules::Firing& firing, std::string& done) {
  Unconfirmed unconfirmed;
  const auto pause = [&]() -> base::Status {
    {
      const std::lock_guard lock(mutex_);
      if (running_) take(engine_.struck(firing.number), "");
    }
    for (const auto& confirm : std::exchange(unconfirmed, {})) {
      TRY(const std::string seen, confirm());
      if (!seen.empty()) done += seen + "; ";
    }
    return base::Done{};
  };
  std::unique_ptr<Turn> turn;
  for (std::size_t k = 0; k < firing.steps.size(); ++k) {
    const rules::Step& step = firing.steps[k];
    if (pauses(step)) {
      turn.reset();
      TRY([[maybe_unused]] const base::Done confirmed, pause());
    }
    if (!turn && strikes_process(step)) {
      turn = std::make_unique<Turn>(*strikes_, struck_next(std::span(firing.steps).subspan(k)));
    }
    if (step.action.after_delivery) monitor_->catch_up();
    done += plan::describe(step.action) + ": ";
    TRY(const std::string seen, carry_out(step, unconfirmed));
    done += seen + "; ";
  }
  turn.reset();
  return pause();
}

base::Result<std::string> RuleRunner::carry_out(const rules::Step& step, Unconfirmed& unconfirmed) {
  if (step.action.kind != ActionKind::Wait) return strikes_->carry_out(step, unconfirmed);
  const bool passed = wait(plan::milliseconds(step.action.length, election_timeout_ms_));
  return std::string(passed ? "passed" : "cut short");
}

void RuleRunner::report(const rules::Firing& firing, FaultState state, std::string observed) {
  FaultRecord record;
  record.time = around_.clock.now();
  record.id = kFirstFiring + firing.number;
  record.fault = "rule " + options_.rules[firing.rule].name;
  record.state = state;
  record.observed = std::move(observed);
  for (const rules::Step& step : firing.steps) {
    if (step.pairs.empty()) record.nodes.insert(step.nodes.begin(), step.nodes.end());
    record.pairs.insert(step.pairs.begin(), step.pairs.end());
  }
  around_.sink(record);
}

void RuleRunner::report_unfired() {
  for (std::size_t k = 0; k < options_.rules.size(); ++k) {
    const plan::Rule& rule = options_.rules[k];
    const rules::RuleState& state = engine_.state(k);
    if (!rule.require || state.fired > 0) continue;
    report({.number = 0, .rule = k, .message = 0, .mark = {}, .steps = {}}, FaultState::Failed,
           state.matched > 0 ? fmt::format("did not fire: {} messages matched, {} are needed",
                                           state.matched, rule.when.nth)
                             : "did not fire: no message matched while it was armed");
  }
}

}  // namespace check::faults
