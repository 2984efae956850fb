// SPDX-License-Identifier: Apache-2.0
#include "check/faults/rule_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

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

// Deeds for which the monitor needs no other frame.
constexpr std::array<std::pair<ActionKind, Fate::Kind>, 7> kFates = {{
    {ActionKind::Drop, Fate::Kind::Drop},
    {ActionKind::Delay, Fate::Kind::Delay},
    {ActionKind::Duplicate, Fate::Kind::Repeat},
    {ActionKind::Reorder, Fate::Kind::Swap},
    {ActionKind::Hold, Fate::Kind::Keep},
    {ActionKind::Close, Fate::Kind::Close},
    {ActionKind::Reset, Fate::Kind::Reset},
}};

// The frame with one byte changed, behind its middle: in what it says rather than in how long it
// is.
wire::Frame corrupted(wire::Frame frame) {
  if (!frame.bytes.empty()) {
    char& byte = frame.bytes[frame.bytes.size() - 1 - frame.bytes.size() / 4];
    byte = static_cast<char>(byte ^ 0x15);
  }
  return frame;
}

// The present value of the field, as altered() takes it.
std::uint64_t value_of(const wire::Message& message, const std::string& field) {
  const auto number = [](const auto& ordinal) { return ordinal ? ordinal->value() : 0; };
  if (field == "term") return number(message.term);
  if (field == "commit") return number(message.commit);
  if (field == "prev_index") return number(message.prev_index);
  if (field == "prev_term") return number(message.prev_term);
  if (field == "match") return number(message.match);
  if (field == "last_index") return number(message.last_index);
  if (field == "last_term") return number(message.last_term);
  return message.success == true ? 1 : 0;
}

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
  timers_.join();
  for (auto& [firing, thread] : threads) thread.join();
  if (std::exchange(resting_, false)) around_.clients.go_on();
  around_.processes.release(owned_);
  owned_.clear();
  report_unfired();
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
  const plan::Action& deed = *outcome.deed;
  const auto asked = plan::deed_of(deed.kind);
  const base::Status possible =
      asked ? wire::supports(options_.protocol, *asked, frame) : base::Status(base::Done{});
  if (!possible.ok()) {  // Of its type it can be done, but not as this one came.
    report_not_done(outcome, text(observation) + ": " + possible.error().message);
    return fate;
  }
  last_action_ = plan::describe(deed);
  const auto* const known =
      std::ranges::find(kFates, deed.kind, &std::pair<ActionKind, Fate::Kind>::first);
  if (known != kFates.end()) {
    fate.kind = known->second;
    fate.ticket = outcome.ticket;
    fate.delay_ns = plan::milliseconds(deed.length, election_timeout_ms_) * 1'000'000;
    return fate;
  }
  auto other = changed(deed, observation, frame);
  if (other.ok()) return std::move(other).value();
  last_action_.clear();
  report_not_done(outcome, text(observation) + ": " + other.error().message);
  return {};
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

base::Result<Fate> RuleRunner::changed(const plan::Action& deed,
                                       const wire::Observation& observation,
                                       const wire::Frame& frame) const {
  Fate fate;
  fate.kind = Fate::Kind::Replace;
  if (deed.kind == ActionKind::Corrupt) {
    fate.frame = corrupted(frame);
  } else if (deed.kind == ActionKind::Alter) {
    auto value = static_cast<std::uint64_t>(deed.value);
    if (deed.relative) value += value_of(observation.message, deed.field);  // Modulo 2^64.
    TRY(fate.frame, wire::altered(options_.protocol, frame, deed.field, value));
  } else {
    CHECK(deed.kind == ActionKind::Refuse);
    fate.kind = Fate::Kind::Answer;
    TRY(fate.frame, wire::refusal(options_.protocol, frame));
  }
  return fate;
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
    if (firing.steps.empty()) {
      if (++reported_[firing.rule] > kMostReports) continue;
      report(firing, FaultState::Fired, what + deed);
      report(firing, FaultState::Healed, "done");
    } else if (threads_.size() >= kMostThreads) {
      report(firing, FaultState::Failed, "too many rules at work at once");
      take(engine_.struck(firing.number), "");
    } else {
      report(firing, FaultState::Armed, what.empty() ? "by time" : what + deed);
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
  std::vector<std::uint64_t> cuts;  // Not observed yet.
  const auto pause = [&]() -> base::Status {
    {
      const std::lock_guard lock(mutex_);
      if (running_) take(engine_.struck(firing.number), "");
    }
    return confirm(cuts);
  };
  for (const rules::Step& step : firing.steps) {
    const bool pauses = step.action.kind == ActionKind::Wait ||
                        step.action.kind == ActionKind::Rest || step.action.after_delivery;
    if (pauses) {
      TRY([[maybe_unused]] const base::Done confirmed, pause());
    }
    if (step.action.after_delivery) monitor_->catch_up();
    done += plan::describe(step.action) + ": ";
    TRY(const std::string seen, carry_out(step, cuts));
    done += seen + "; ";
  }
  return pause();
}

base::Result<std::string> RuleRunner::carry_out(const rules::Step& step,
                                                std::vector<std::uint64_t>& cuts) {
  const ActionKind kind = step.action.kind;
  if (kind == ActionKind::Wait) {
    const bool passed = wait(plan::milliseconds(step.action.length, election_timeout_ms_));
    return std::string(passed ? "passed" : "cut short");
  }
  if (kind == ActionKind::Rest) {
    around_.clients.rest();
    const std::lock_guard lock(mutex_);
    resting_ = true;
    return std::string("clients rest");
  }
  if (kind == ActionKind::GoOn) {
    around_.clients.go_on();
    const std::lock_guard lock(mutex_);
    resting_ = false;
    return std::string("clients go on");
  }
  if (kind == ActionKind::Heal) return heal();
  return step.pairs.empty() ? strike(step) : cut(step, cuts);
}

base::Result<std::string> RuleRunner::heal() {
  std::set<std::uint64_t> ended;
  {
    const std::lock_guard lock(mutex_);
    ended = std::exchange(cuts_, {});
  }
  for (const std::uint64_t id : ended) {
    TRY([[maybe_unused]] auto seen, around_.network.end(id));
  }
  return fmt::format("{} cuts ended", ended.size());
}

void RuleRunner::own(const std::set<history::NodeId>& nodes) {
  std::set<history::NodeId> wanted;
  {
    const std::lock_guard lock(mutex_);
    for (const history::NodeId node : nodes) {
      if (owned_.insert(node).second) wanted.insert(node);
    }
  }
  if (!wanted.empty()) around_.processes.claim(wanted);
}

base::Result<std::string> RuleRunner::strike(const rules::Step& step) {
  own(step.nodes);
  const ActionKind kind = step.action.kind;
  const bool pause = kind == ActionKind::Pause || kind == ActionKind::Resume;
  const plan::FaultKind fault = pause ? plan::FaultKind::Pause : plan::FaultKind::Kill;
  const bool begins = kind == ActionKind::Kill || kind == ActionKind::Pause;
  return begins ? around_.processes.begin(fault, step.nodes)
                : around_.processes.end(fault, step.nodes);
}

base::Result<std::string> RuleRunner::cut(const rules::Step& step,
                                          std::vector<std::uint64_t>& cuts) {
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = next_cut_++;
    cuts_.insert(id);
  }
  TRY([[maybe_unused]] auto imposed, around_.network.impose(id, step.pairs));
  cuts.push_back(id);
  return fmt::format("{} pairs cut", step.pairs.size());
}

base::Status RuleRunner::confirm(std::vector<std::uint64_t>& cuts) {
  for (const std::uint64_t id : std::exchange(cuts, {})) {
    TRY([[maybe_unused]] auto seen, around_.network.confirm(id));
  }
  return base::Done{};
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
