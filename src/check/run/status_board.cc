// SPDX-License-Identifier: Apache-2.0
#include "check/run/status_board.h"

#include <algorithm>

namespace check::run {

namespace {

constexpr std::chrono::milliseconds kInterval{100};

}  // namespace

StatusBoard::StatusBoard(sandbox::Sandbox& sandbox, cluster::RaftClusterConfig& config,
                         NodeLog& log)
    : sandbox_(sandbox), config_(config), log_(log) {
  for (std::uint32_t k = 1; k <= config_.nodes(); ++k) {
    threads_.emplace_back([this, k] { ask({k}); });
  }
}

StatusBoard::~StatusBoard() {
  ended_.request("the board is destroyed");
  for (std::thread& thread : threads_) thread.join();
}

void StatusBoard::ask(history::NodeId node) {
  const base::Status entered = sandbox_.enter_clients_network();
  CHECK(entered.ok(), entered.error().message);
  do {
    const history::Moment asked = log_.now();
    const auto status = config_.status(node);
    if (status.ok() && config_.capabilities().status) log_.note(node, asked, status.value());
    const std::lock_guard lock(mutex_);
    if (status.ok() && status.value().leader) {
      leaders_[node] = status.value();
    } else {
      leaders_.erase(node);
    }
  } while (ended_.wait(kInterval));
}

std::optional<history::NodeId> StatusBoard::leader() const {
  const std::lock_guard lock(mutex_);
  const auto newest = std::ranges::max_element(
      leaders_, {}, [](const auto& entry) { return entry.second.term.value_or(0); });
  if (newest == leaders_.end()) return std::nullopt;
  return newest->first;
}

}  // namespace check::run
