// SPDX-License-Identifier: Apache-2.0
#include "check/trap/supervisor.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "check/trap/filter.h"

namespace check::trap {

Supervisor::Supervisor(Calls trapped, std::function<std::string(NodeId)> directory,
                       std::function<base::Status(NodeId)> kill)
    : trapped_(std::move(trapped)), directory_(std::move(directory)), kill_(std::move(kill)) {}

Supervisor::~Supervisor() = default;

std::vector<sock_filter> Supervisor::filter() const { return filter_for(trapped_); }

std::shared_ptr<Arms> Supervisor::arms_of(NodeId node) {
  std::shared_ptr<Arms>& arms = arms_[node];
  if (arms == nullptr) arms = std::make_shared<Arms>();
  return arms;
}

base::Status Supervisor::attend(NodeId node, sandbox::Process& process) {
  sandbox::Fd listener = process.take_listener();
  if (!listener.open()) {
    return base::Error{base::ErrorCode::InvalidArgument, "the program runs under no filter"};
  }
  // As /proc shows paths: without symbolic links.
  const std::string given = directory_(node);
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(given.c_str(), nullptr), std::free);
  if (real == nullptr) return sandbox::system_error("cannot find " + given);
  std::vector<std::unique_ptr<Warden>> ended;  // Joined when the lock is gone.
  const std::lock_guard lock(mutex_);
  for (std::unique_ptr<Warden>& warden : wardens_) {
    if (warden->over()) ended.push_back(std::move(warden));
  }
  std::erase(wardens_, nullptr);
  TRY(auto warden, Warden::start({node, std::string(real.get()) + '/', arms_of(node), kill_},
                                 std::move(listener)));
  wardens_.push_back(std::move(warden));
  return base::Done{};
}

base::Result<std::uint64_t> Supervisor::arm(NodeId node, const SyscallPoint& point,
                                            const Action& action, StrikeSink sink) {
  for (const Call call : point.calls) {
    if (trapped_.contains(call)) continue;
    return base::Error{base::ErrorCode::InvalidArgument,
                       std::string(name(call)) + " is not among the trapped calls of this run"};
  }
  const std::lock_guard lock(mutex_);
  const std::uint64_t id = next_id_++;
  arms_of(node)->add(id, point, action, std::move(sink));
  return id;
}

bool Supervisor::disarm(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(arms_, [id](const auto& entry) { return entry.second->remove(id); });
}

std::uint64_t Supervisor::counted(NodeId node, Call call) {
  const std::lock_guard lock(mutex_);
  return arms_of(node)->counted(call);
}

}  // namespace check::trap
