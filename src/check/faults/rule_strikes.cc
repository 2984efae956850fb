// SPDX-License-Identifier: Apache-2.0
#include "check/faults/rule_strikes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "check/plan/schedule.h"

namespace check::faults {

using plan::ActionKind;
using plan::FaultKind;

base::Result<std::string> RuleStrikes::carry_out(const rules::Step& step,
                                                 Unconfirmed& unconfirmed) {
  // "RULE.from" of a rule that has not fired yet.
  if (step.action.kind < ActionKind::Heal && step.nodes.empty()) {
    return base::Error{base::ErrorCode::Unavailable, "there is no such node yet"};
  }
  switch (step.action.kind) {
    case ActionKind::Kill:
    case ActionKind::Pause:
    case ActionKind::Resume:
    case ActionKind::Start:
    case ActionKind::PowerCut:
    case ActionKind::TornWrite:
    case ActionKind::KillAtSync:
    case ActionKind::KillAfterSync:
    case ActionKind::SyncError:
    case ActionKind::DiskFull:
    case ActionKind::DiskError:
    case ActionKind::SlowDisk:
    case ActionKind::ClockJump:
    case ActionKind::ClockDrift:
      own(step.nodes);
      return strike(step, unconfirmed);
    case ActionKind::Transfer:
    case ActionKind::Remove:
    case ActionKind::Add:
      return change_members(step);
    case ActionKind::Cut:
    case ActionKind::CutOneWay:
    case ActionKind::Isolate:
    case ActionKind::Deafen:
    case ActionKind::Mute:
      return cut(step, unconfirmed);
    case ActionKind::Heal:
      return heal();
    case ActionKind::Rest:
      return rest();
    case ActionKind::GoOn:
      return go_on();
    case ActionKind::Drop:
    case ActionKind::Delay:
    case ActionKind::Duplicate:
    case ActionKind::Reorder:
    case ActionKind::Corrupt:
    case ActionKind::Alter:
    case ActionKind::Refuse:
    case ActionKind::Hold:
    case ActionKind::Close:
    case ActionKind::Reset:
    case ActionKind::Wait:
      break;
  }
  CHECK(false);
  return std::string();
}

void RuleStrikes::take_turn(const std::set<history::NodeId>& nodes) {
  std::unique_lock lock(mutex_);
  turn_ended_.wait(lock, [&] {
    return std::ranges::none_of(nodes, [&](history::NodeId node) { return taken_.contains(node); });
  });
  taken_.insert(nodes.begin(), nodes.end());
}

void RuleStrikes::end_turn(const std::set<history::NodeId>& nodes) {
  {
    const std::lock_guard lock(mutex_);
    for (const history::NodeId node : nodes) taken_.erase(node);
  }
  turn_ended_.notify_all();
}

void RuleStrikes::let_clients_go() {
  bool resting = false;
  {
    const std::lock_guard lock(mutex_);
    let_go_ = true;
    resting = std::exchange(resting_, false);
  }
  if (resting) around_.clients.go_on();
}

void RuleStrikes::let_go() {
  let_clients_go();
  std::set<history::NodeId> owned;
  {
    const std::lock_guard lock(mutex_);
    owned = std::exchange(owned_, {});
  }
  around_.processes.release(owned);
}

base::Result<std::string> RuleStrikes::rest() {
  {
    const std::lock_guard lock(mutex_);
    if (let_go_) return std::string("clients do not rest any more");
    resting_ = true;
  }
  const bool rest = around_.clients.rest();
  bool late = false;
  {
    const std::lock_guard lock(mutex_);
    late = rest && let_go_;
  }
  if (late) around_.clients.go_on();
  return std::string(rest ? "clients rest" : "clients were told to go on before all rested");
}

base::Result<std::string> RuleStrikes::go_on() {
  {
    const std::lock_guard lock(mutex_);
    resting_ = false;
  }
  around_.clients.go_on();
  return std::string("clients go on");
}

base::Result<std::string> RuleStrikes::heal() {
  std::set<std::uint64_t> cuts;
  std::map<history::NodeId, FaultKind> troubled;
  std::set<history::NodeId> wrong_clocks;
  {
    const std::lock_guard lock(mutex_);
    cuts = std::exchange(cuts_, {});
    troubled = std::exchange(troubled_, {});
    wrong_clocks = std::exchange(wrong_clocks_, {});
  }
  for (const std::uint64_t id : cuts) {
    TRY([[maybe_unused]] auto seen, around_.network.end(id));
  }
  std::string healed = fmt::format("{} cuts ended", cuts.size());
  for (const auto& [node, kind] : troubled) {
    TRY(const std::string seen, around_.disks->end(kind, {node}));
    healed += fmt::format("; {} of n{} ended: {}", plan::word(kind), node.value, seen);
  }
  if (!wrong_clocks.empty()) {
    TRY(const std::string seen, around_.clocks->end(wrong_clocks));
    healed += "; " + seen;
  }
  return healed;
}

void RuleStrikes::own(const std::set<history::NodeId>& nodes) {
  std::set<history::NodeId> wanted;
  {
    const std::lock_guard lock(mutex_);
    for (const history::NodeId node : nodes) {
      if (owned_.insert(node).second) wanted.insert(node);
    }
  }
  if (!wanted.empty()) around_.processes.claim(wanted);
}

base::Result<std::string> RuleStrikes::strike(const rules::Step& step, Unconfirmed& unconfirmed) {
  const ActionKind kind = step.action.kind;
  if (kind == ActionKind::Start) return start(step.nodes);
  if (kind == ActionKind::Resume) return around_.processes.end(FaultKind::Pause, step.nodes);
  const FaultKind fault = plan::fault_of(kind).value();
  if (plan::strikes_disk(fault)) return strike_disks(step, unconfirmed);
  if (plan::strikes_sync(fault)) return strike_syncs(step, unconfirmed);
  if (plan::strikes_clock(fault)) return strike_clocks(step);
  return around_.processes.begin(fault, step.nodes);
}

base::Result<std::string> RuleStrikes::strike_disks(const rules::Step& step,
                                                    Unconfirmed& unconfirmed) {
  if (around_.disks == nullptr) return not_possible();
  const FaultKind kind = plan::fault_of(step.action.kind).value();
  {
    const std::lock_guard lock(mutex_);
    auto& struck = kind == FaultKind::PowerCut || kind == FaultKind::TornWrite ? down_ : troubled_;
    for (const history::NodeId node : step.nodes) struck[node] = kind;
  }
  const std::chrono::milliseconds delay(
      static_cast<std::int64_t>(plan::milliseconds(step.action.length, election_timeout_ms_)));
  TRY(const std::string done, around_.disks->strike(kind, step.nodes, delay));
  unconfirmed.emplace_back(
      [this, kind, nodes = step.nodes] { return around_.disks->confirm(kind, nodes); });
  return done.empty() ? "done" : done;
}

base::Result<std::string> RuleStrikes::strike_syncs(const rules::Step& step,
                                                    Unconfirmed& unconfirmed) {
  if (around_.syncs == nullptr) return not_possible();
  const FaultKind kind = plan::fault_of(step.action.kind).value();
  {
    const std::lock_guard lock(mutex_);
    for (const history::NodeId node : step.nodes) down_[node] = kind;
  }
  TRY(const auto armed, around_.syncs->arm(kind, step.nodes));
  unconfirmed.emplace_back([this, armed] { return around_.syncs->await(*armed); });
  return std::string("armed");
}

base::Result<std::string> RuleStrikes::strike_clocks(const rules::Step& step) {
  if (around_.clocks == nullptr) return not_possible();
  {
    const std::lock_guard lock(mutex_);
    for (const history::NodeId node : step.nodes) wrong_clocks_.insert(node);
  }
  const std::int64_t change = step.action.value;  // In thousandths.
  if (step.action.kind == ActionKind::ClockDrift) return around_.clocks->drift(step.nodes, change);
  const std::chrono::microseconds by(change * static_cast<std::int64_t>(election_timeout_ms_));
  return around_.clocks->jump(step.nodes, by);
}

base::Result<std::string> RuleStrikes::start(const std::set<history::NodeId>& nodes) {
  std::string started;
  for (const history::NodeId node : nodes) {
    FaultKind kind = FaultKind::Kill;
    {
      const std::lock_guard lock(mutex_);
      const auto found = down_.find(node);
      if (found != down_.end()) {
        kind = found->second;
        down_.erase(found);
      }
    }
    TRY(const std::string seen, plan::strikes_disk(kind)   ? around_.disks->end(kind, {node})
                                : plan::strikes_sync(kind) ? around_.syncs->end(kind, {node})
                                                           : around_.processes.end(kind, {node}));
    started += fmt::format("{}n{}: {}", started.empty() ? "" : ", ", node.value, seen);
  }
  return started;
}

base::Error RuleStrikes::not_possible() const {
  return {base::ErrorCode::Unavailable, "the machine does not let it be: " + around_.impossible};
}

base::Result<std::string> RuleStrikes::change_members(const rules::Step& step) {
  CHECK(around_.members != nullptr);
  if (step.action.kind == ActionKind::Transfer) {
    CHECK(!step.nodes.empty());
    return around_.members->transfer(*step.nodes.begin());
  }
  own(step.nodes);
  return step.action.kind == ActionKind::Remove ? around_.members->remove(step.nodes)
                                                : around_.members->add(step.nodes);
}

base::Result<std::string> RuleStrikes::cut(const rules::Step& step, Unconfirmed& unconfirmed) {
  // "cut leader n1" while n1 leads, or whatever of a cluster of one.
  if (step.pairs.empty()) {
    return base::Error{base::ErrorCode::Unavailable, "there are no two different nodes to part"};
  }
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = next_cut_++;
    cuts_.insert(id);
  }
  TRY([[maybe_unused]] auto imposed, around_.network.impose(id, step.pairs));
  unconfirmed.emplace_back([this, id]() -> base::Result<std::string> {
    TRY([[maybe_unused]] auto seen, around_.network.confirm(id));
    return std::string();
  });
  return fmt::format("{} pairs cut", step.pairs.size());
}

}  // namespace check::faults
