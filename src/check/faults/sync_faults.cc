// SPDX-License-Identifier: Apache-2.0
#include "check/faults/sync_faults.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "check/faults/giving_up.h"

namespace check::faults {

namespace {

constexpr std::chrono::seconds kPatience{5};

// What has been struck; shared with the supervisor's threads, which may come late.
struct Struck {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<history::NodeId, std::string> observed;
};

trap::Action action_of(plan::FaultKind kind) {
  trap::Action action;
  if (kind == plan::FaultKind::KillAfterSync) action.deed = trap::Deed::KillAfter;
  if (kind == plan::FaultKind::SyncError) action.deed = trap::Deed::Eio;
  return action;
}

}  // namespace

base::Result<std::string> SyncFaults::begin(plan::FaultKind kind, const Nodes& nodes) {
  for (const history::NodeId node : nodes) {
    if (hosts_.running(node)) continue;
    return base::Error{base::ErrorCode::Unavailable,
                       fmt::format("n{} had ended before it was struck", node.value)};
  }
  const auto struck = std::make_shared<Struck>();
  const auto note = [struck](const trap::Strike& strike) {
    const std::lock_guard lock(struck->mutex);
    struck->observed[strike.node] = fmt::format("n{}: {}", strike.node.value, strike.observed);
    struck->changed.notify_all();
  };
  std::vector<std::uint64_t> armed;
  for (const history::NodeId node : nodes) {
    if (kind == plan::FaultKind::SyncError) excuse_(node);
    TRY(const std::uint64_t id,
        supervisor_.arm(node, {.calls = trap::kSyncs, .path = "*", .k = 1}, action_of(kind), note));
    armed.push_back(id);
  }
  std::unique_lock lock(struck->mutex);
  const bool all = struck->changed.wait_for(
      lock, kPatience, [&] { return struck->observed.size() == nodes.size(); });
  std::string seen;
  for (const auto& [node, observed] : struck->observed) {
    seen += (seen.empty() ? "" : "; ") + observed;
  }
  lock.unlock();
  for (const std::uint64_t id : armed) supervisor_.disarm(id);
  if (all) return seen;
  return base::Error{
      base::ErrorCode::Timeout,
      fmt::format("{} of {} nodes made a sync within 5 s{}{}", struck->observed.size(),
                  nodes.size(), seen.empty() ? "" : ": ", seen)};
}

base::Result<std::string> SyncFaults::end(plan::FaultKind kind, const Nodes& nodes) {
  std::size_t started = 0;
  for (const history::NodeId node : nodes) {
    const bool ended =
        kind == plan::FaultKind::SyncError ? gives_up(hosts_, node) : !hosts_.running(node);
    if (!ended) continue;
    TRY([[maybe_unused]] auto again, start_again(config_, node));
    if (!hosts_.running(node)) {
      return base::Error{base::ErrorCode::Unavailable,
                         fmt::format("n{} exited as soon as it was started", node.value)};
    }
    started += 1;
  }
  return fmt::format("{} of {} nodes were started again, all run", started, nodes.size());
}

}  // namespace check::faults
