// SPDX-License-Identifier: Apache-2.0
// Asks the network itself which pairs of nodes can talk: one UDP datagram a pair, from a socket on
// the one host to a socket on the other. The sockets are the checker's, so a node that is dead or
// paused answers all the same: the probe sees links, not processes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "base/result.h"
#include "check/history/node_id.h"
#include "check/sandbox/sandbox.h"

namespace check::faults {

class LinkProbe {
 public:
  // UDP port of the probe's sockets on every node.
  static constexpr std::uint16_t kPort = 64999;

  static base::Result<std::unique_ptr<LinkProbe>> open(sandbox::Sandbox& sandbox);
  ~LinkProbe();
  LinkProbe(const LinkProbe&) = delete;
  LinkProbe& operator=(const LinkProbe&) = delete;

  // Those of `pairs` over which a datagram sent now arrived within `wait`. Returns early when all
  // have. Threads may call it side by side.
  std::set<history::DirectedPair> reached(const std::set<history::DirectedPair>& pairs,
                                          std::chrono::milliseconds wait);

 private:
  explicit LinkProbe(sandbox::Sandbox& sandbox) : sandbox_(sandbox) {}

  void collect(std::uint64_t round, std::set<history::DirectedPair>& arrived);

  sandbox::Sandbox& sandbox_;
  std::map<history::NodeId, int> sockets_;
  std::mutex mutex_;  // One round at a time.
  std::uint64_t rounds_ = 0;
};

}  // namespace check::faults
