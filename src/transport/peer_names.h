// SPDX-License-Identifier: Apache-2.0
// The addresses of peers that are known by name. The system's resolver may block for long, so it is
// asked on a thread beside the loop, one name at a time. A resolver that hangs is left behind, with
// all that its thread uses, a second after the end.
//
//   follow(peer, "n2:7001")     find(now, is_up) --> nothing, nothing, (peer, 10.0.0.2:7001)
//
// As long as a peer is not up its name is looked up again every 5 s: it may have moved. A name that
// is not found is logged once, until it is.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <utility>

#include "os/log.h"
#include "os/net.h"
#include "raft/message.h"

namespace transport {

class PeerNames {
 public:
  using Time = std::chrono::nanoseconds;

  using Found = base::Result<os::Address>;
  using Resolve = std::function<Found(const os::HostPort&)>;

  // `resolve` is copied, and what it refers to must outlive the process; but for tests it refers to
  // nothing.
  explicit PeerNames(const os::Log& log, Resolve resolve = os::resolve)
      : log_(log), resolve_(std::move(resolve)) {}
  PeerNames(const PeerNames&) = delete;
  PeerNames& operator=(const PeerNames&) = delete;
  ~PeerNames();

  void follow(raft::NodeId peer, const os::HostPort& where);
  void forget(raft::NodeId peer) { names_.erase(peer); }
  // The next peer that was found, wherever it was before. To be called often.
  std::optional<std::pair<raft::NodeId, os::Address>> find(
      Time now, const std::function<bool(raft::NodeId)>& is_up);

 private:
  struct Name {
    os::HostPort where;
    Time again_at{0};
    bool complained = false;
  };
  struct Search {
    raft::NodeId peer;
    os::HostPort where;
    std::future<Found> answer;
  };
  std::optional<std::pair<raft::NodeId, os::Address>> finish(Search search, Time now);
  void begin(Time now, const std::function<bool(raft::NodeId)>& is_up);

  const os::Log& log_;
  std::map<raft::NodeId, Name> names_;
  std::optional<Search> search_;
  Resolve resolve_;
};

}  // namespace transport
