// SPDX-License-Identifier: Apache-2.0
#include "check/faults/process_faults.h"

#include <fmt/format.h>

#include <algorithm>

namespace check::faults {

void ProcessFaults::claim(const Nodes& nodes) {
  std::unique_lock lock(mutex_);
  const auto free = [&] {
    return std::ranges::none_of(nodes, [&](const auto& node) { return claimed_.contains(node); });
  };
  released_.wait(lock, free);
  claimed_.insert(nodes.begin(), nodes.end());
}

void ProcessFaults::release(const Nodes& nodes) {
  {
    const std::lock_guard lock(mutex_);
    for (const history::NodeId node : nodes) claimed_.erase(node);
  }
  released_.notify_all();
}

base::Result<std::string> ProcessFaults::begin(plan::FaultKind kind, const Nodes& nodes) {
  for (const history::NodeId node : nodes) {
    if (hosts_.running(node)) continue;
    return base::Error{base::ErrorCode::Unavailable,
                       fmt::format("n{} had ended before it was struck", node.value)};
  }
  if (kind == plan::FaultKind::Kill) return kill(nodes);
  if (kind == plan::FaultKind::Pause) return pause(nodes);
  CHECK(kind == plan::FaultKind::Restart);
  return stop(nodes);
}

base::Result<std::string> ProcessFaults::end(plan::FaultKind kind, const Nodes& nodes) {
  for (const history::NodeId node : nodes) {
    if (kind == plan::FaultKind::Pause) {
      TRY([[maybe_unused]] auto resumed, sandbox_.resume_all(node));
    } else if (!hosts_.running(node)) {
      TRY([[maybe_unused]] auto started, config_.start(node));
      if (!hosts_.running(node)) {
        return base::Error{base::ErrorCode::Unavailable,
                           fmt::format("n{} exited as soon as it was started", node.value)};
      }
    }
  }
  return fmt::format("{} of {} nodes run again", nodes.size(), nodes.size());
}

base::Status ProcessFaults::heal_all(const Nodes& but_not) {
  for (std::uint32_t k = 1; k <= config_.nodes(); ++k) {
    const history::NodeId node{k};
    if (but_not.contains(node)) continue;
    if (hosts_.running(node)) {
      TRY([[maybe_unused]] auto resumed, sandbox_.resume_all(node));
    } else {
      TRY([[maybe_unused]] auto started, config_.start(node));
    }
  }
  return base::Done{};
}

base::Result<std::string> ProcessFaults::kill(const Nodes& nodes) {
  for (const history::NodeId node : nodes) {
    TRY([[maybe_unused]] auto killed, config_.kill(node));
    if (hosts_.running(node)) {
      return base::Error{base::ErrorCode::Unavailable,
                         fmt::format("n{} still runs after SIGKILL", node.value)};
    }
  }
  return fmt::format("{} of {} nodes exited by SIGKILL", nodes.size(), nodes.size());
}

base::Result<std::string> ProcessFaults::pause(const Nodes& nodes) {
  for (const history::NodeId node : nodes) {
    TRY([[maybe_unused]] auto paused, sandbox_.pause_all(node));
  }
  return fmt::format("every thread of {} of {} nodes is in state T", nodes.size(), nodes.size());
}

base::Result<std::string> ProcessFaults::stop(const Nodes& nodes) {
  for (const history::NodeId node : nodes) {
    TRY([[maybe_unused]] auto stopped, config_.stop(node));
    if (hosts_.running(node)) {
      return base::Error{base::ErrorCode::Unavailable,
                         fmt::format("n{} still runs after SIGTERM and SIGKILL", node.value)};
    }
  }
  return fmt::format("{} of {} nodes ended after SIGTERM", nodes.size(), nodes.size());
}

}  // namespace check::faults
