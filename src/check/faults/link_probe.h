// SPDX-License-Identifier: Apache-2.0
// Asks the network itself which pairs of nodes can talk: one UDP datagram a pair, from a socket on
// the one host to a socket on the other. The sockets are the checker's, so a node that is dead or
// paused answers all the same: the probe sees links, not processes. Rounds of probes may be under
// way side by side, each in a thread of its own.
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

  using Pairs = std::set<history::DirectedPair>;

  // Datagrams over some pairs, sent when it is made.
  class Round {
   public:
    Round(LinkProbe& probe, const Pairs& pairs, int copies);
    ~Round();
    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;

    // The pairs over which one has come by now.
    Pairs arrived() const;

   private:
    LinkProbe& probe_;
    std::uint64_t number_;
  };

  // Those of `pairs` over which a datagram sent now arrived within `wait`. Returns early when all
  // have.
  Pairs reached(const Pairs& pairs, std::chrono::milliseconds wait);

 private:
  explicit LinkProbe(sandbox::Sandbox& sandbox) : sandbox_(sandbox) {}

  void send(std::uint64_t round, const Pairs& pairs) const;
  void collect();

  sandbox::Sandbox& sandbox_;
  std::map<history::NodeId, int> sockets_;
  std::mutex mutex_;
  std::uint64_t last_round_ = 0;
  std::map<std::uint64_t, Pairs> arrived_;  // Of the rounds that are under way.
};

}  // namespace check::faults
