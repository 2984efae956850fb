// SPDX-License-Identifier: Apache-2.0
#include "transport/peer_names.h"

#include <fmt/core.h>

#include <system_error>
#include <thread>

#include "os/error.h"

namespace transport {
namespace {

constexpr std::chrono::seconds kLookAgain{5};
// For a look-up that is under way at the end: a process should not end in the middle of one.
constexpr std::chrono::seconds kPatience{1};

bool is_over(const std::future<PeerNames::Found>& answer, std::chrono::seconds patience = {}) {
  return answer.wait_for(patience) == std::future_status::ready;
}

}  // namespace

PeerNames::~PeerNames() {
  if (search_) (void)is_over(search_->answer, kPatience);
}

void PeerNames::follow(raft::NodeId peer, const os::HostPort& where) {
  Name& name = names_[peer];
  if (name.where != where) name = {where};
}

std::optional<std::pair<raft::NodeId, os::Address>> PeerNames::find(
    Time now, const std::function<bool(raft::NodeId)>& is_up) {
  std::optional<std::pair<raft::NodeId, os::Address>> found;
  if (search_ && is_over(search_->answer)) {
    found = finish(*std::exchange(search_, std::nullopt), now);
  }
  if (!search_) begin(now, is_up);
  return found;
}

std::optional<std::pair<raft::NodeId, os::Address>> PeerNames::finish(Search search, Time now) {
  const auto name = names_.find(search.peer);
  if (name == names_.end() || name->second.where != search.where) return std::nullopt;
  name->second.again_at = now + kLookAgain;
  const Found answer = search.answer.get();
  const bool complained = std::exchange(name->second.complained, !answer.ok());
  if (answer.ok()) return std::pair(search.peer, answer.value());
  if (!complained) {
    log_.event(
        "peer-not-found",
        fmt::format("peer={} to={} reason={}", search.peer.value, os::quoted(search.where.text()),
                    os::quoted(answer.error().message + "; it is tried again every 5 s")));
  }
  return std::nullopt;
}

void PeerNames::begin(Time now, const std::function<bool(raft::NodeId)>& is_up) {
  auto next = names_.end();
  for (auto name = names_.begin(); name != names_.end(); ++name) {
    if (name->second.again_at > now || is_up(name->first)) continue;
    if (next == names_.end() || name->second.again_at < next->second.again_at) next = name;
  }
  if (next == names_.end()) return;
  std::promise<Found> answer;
  search_ = Search{next->first, next->second.where, answer.get_future()};
  try {
    // Detached: it owns all that it uses.
    std::thread([answer = std::move(answer), resolve = resolve_, where = search_->where]() mutable {
      answer.set_value(resolve(where));
    }).detach();
  } catch (const std::system_error& failure) {  // There are as many threads as there may be.
    std::promise<Found> none;
    none.set_value(os::system_error("start a thread", failure.code().value()));
    search_->answer = none.get_future();
  }
}

}  // namespace transport
