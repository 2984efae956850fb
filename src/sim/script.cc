// SPDX-License-Identifier: Apache-2.0
#include "sim/script.h"

#include "sim/rest.h"

namespace sim {

void Script::run() {
  for (Action action : scenario_.actions) {
    if (cluster_.violation()) return;
    if (action.kind == ActionKind::Deliver) {
      const auto found = slots_.find(action.message);
      if (found == slots_.end() || cluster_.flight(found->second).to != action.node) continue;
      action.slot = found->second;
      if (!action.keep) slots_.erase(found);
    }
    cluster_.act(action);
    for (const Sent& sent : cluster_.outbox()) {
      slots_.emplace(cluster_.flight(sent.slot).name, sent.slot);
    }
  }
  if (scenario_.rest) come_to_rest(cluster_);
  if (!cluster_.violation()) judge_clients(cluster_);
}

}  // namespace sim
