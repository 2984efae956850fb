// SPDX-License-Identifier: Apache-2.0
#include "transport/peer_names.h"

#include <fmt/core.h>

namespace transport {
namespace {

constexpr std::chrono::seconds kLookAgain{5};

}  // namespace

void PeerNames::follow(raft::NodeId peer, const os::HostPort& where) {
  Name& name = names_[peer];
  if (name.where != where) name = {where};
}

std::optional<std::pair<raft::NodeId, os::Address>> PeerNames::find(
    Time now, const std::function<bool(raft::NodeId)>& is_up) {
  std::optional<std::pair<raft::NodeId, os::Address>> found;
  if (search_ && search_->job->is_over()) {
    found = finish(*search_, now);
    search_.reset();
  }
  if (!search_) begin(now, is_up);
  return found;
}

std::optional<std::pair<raft::NodeId, os::Address>> PeerNames::finish(const Search& search,
                                                                      Time now) {
  const auto name = names_.find(search.peer);
  if (name == names_.end() || name->second.where != search.where) return std::nullopt;
  name->second.again_at = now + kLookAgain;
  const base::Result<os::Address>& answer = **search.answer;
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
  search_ = Search{next->first, next->second.where, {}, {}};
  search_->answer = std::make_shared<std::optional<base::Result<os::Address>>>();
  search_->job = background_.start([answer = search_->answer, where = search_->where] {
    answer->emplace(os::resolve(where));
    return 0;
  });
}

}  // namespace transport
