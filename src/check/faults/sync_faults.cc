// SPDX-License-Identifier: Apache-2.0
#include "check/faults/sync_faults.h"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "check/faults/giving_up.h"

namespace check::faults {

namespace {

constexpr std::chrono::seconds kPatience{5};

trap::Action action_of(plan::FaultKind kind) {
  trap::Action action;
  if (kind == plan::FaultKind::KillAfterSync) action.deed = trap::Deed::KillAfter;
  if (kind == plan::FaultKind::SyncError) action.deed = trap::Deed::Eio;
  return action;
}

}  // namespace

// What has been struck; shared with the supervisor's threads, which may come late.
class SyncFaults::Armed {
 public:
  explicit Armed(std::size_t nodes) : nodes_(nodes) {}

  void note(const trap::Strike& strike) {
    const std::lock_guard lock(mutex_);
    observed_[strike.node] = fmt::format("n{}: {}", strike.node.value, strike.observed);
    changed_.notify_all();
  }
  void add(std::uint64_t id) { ids_.push_back(id); }
  const std::vector<std::uint64_t>& ids() const { return ids_; }

  base::Result<std::string> await() {
    std::unique_lock lock(mutex_);
    const bool all =
        changed_.wait_for(lock, kPatience, [this] { return observed_.size() == nodes_; });
    std::string seen;
    for (const auto& [node, observed] : observed_) seen += (seen.empty() ? "" : "; ") + observed;
    if (all) return seen;
    return base::Error{base::ErrorCode::Timeout,
                       fmt::format("{} of {} nodes made a sync within 5 s{}{}", observed_.size(),
                                   nodes_, seen.empty() ? "" : ": ", seen)};
  }

 private:
  const std::size_t nodes_;
  std::vector<std::uint64_t> ids_;  // Of the supervisor.
  std::mutex mutex_;                // Of what follows.
  std::condition_variable changed_;
  std::map<history::NodeId, std::string> observed_;
};

base::Result<std::string> SyncFaults::begin(plan::FaultKind kind, const Nodes& nodes) {
  TRY(const auto armed, arm(kind, nodes));
  return await(*armed);
}

base::Result<std::shared_ptr<SyncFaults::Armed>> SyncFaults::arm(plan::FaultKind kind,
                                                                 const Nodes& nodes) {
  for (const history::NodeId node : nodes) {
    if (hosts_.running(node)) continue;
    return base::Error{base::ErrorCode::Unavailable,
                       fmt::format("n{} had ended before it was struck", node.value)};
  }
  auto armed = std::make_shared<Armed>(nodes.size());
  const auto note = [armed](const trap::Strike& strike) { armed->note(strike); };
  for (const history::NodeId node : nodes) {
    if (kind == plan::FaultKind::SyncError) excuse_(node);
    TRY(const std::uint64_t id,
        supervisor_.arm(node, {.calls = trap::kSyncs, .path = "*", .k = 1}, action_of(kind), note));
    armed->add(id);
  }
  return armed;
}

base::Result<std::string> SyncFaults::await(Armed& armed) {
  auto seen = armed.await();
  for (const std::uint64_t id : armed.ids()) supervisor_.disarm(id);
  return seen;
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
