// SPDX-License-Identifier: Apache-2.0
#include "check/faults/rule_strikes.h"

#include <fmt/format.h>

#include "base/check.h"

namespace check::faults {

using plan::ActionKind;
using plan::FaultKind;

base::Result<std::string> RuleStrikes::carry_out(const rules::Step& step,
                                                 Unconfirmed& unconfirmed) {
  switch (step.action.kind) {
    case ActionKind::Kill:
    case ActionKind::Pause:
    case ActionKind::Resume:
    case ActionKind::Start:
      return strike(step);
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

void RuleStrikes::let_go() {
  std::set<history::NodeId> owned;
  bool resting = false;
  {
    const std::lock_guard lock(mutex_);
    owned = std::exchange(owned_, {});
    resting = std::exchange(resting_, false);
  }
  if (resting) around_.clients.go_on();
  around_.processes.release(owned);
}

base::Result<std::string> RuleStrikes::rest() {
  around_.clients.rest();
  const std::lock_guard lock(mutex_);
  resting_ = true;
  return std::string("clients rest");
}

base::Result<std::string> RuleStrikes::go_on() {
  around_.clients.go_on();
  const std::lock_guard lock(mutex_);
  resting_ = false;
  return std::string("clients go on");
}

base::Result<std::string> RuleStrikes::heal() {
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

base::Result<std::string> RuleStrikes::strike(const rules::Step& step) {
  own(step.nodes);
  const ActionKind kind = step.action.kind;
  const bool pause = kind == ActionKind::Pause || kind == ActionKind::Resume;
  const FaultKind fault = pause ? FaultKind::Pause : FaultKind::Kill;
  const bool begins = kind == ActionKind::Kill || kind == ActionKind::Pause;
  return begins ? around_.processes.begin(fault, step.nodes)
                : around_.processes.end(fault, step.nodes);
}

base::Result<std::string> RuleStrikes::cut(const rules::Step& step, Unconfirmed& unconfirmed) {
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
