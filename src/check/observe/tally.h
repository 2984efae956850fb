// SPDX-License-Identifier: Apache-2.0
// What a traffic comes to: messages by type and link, who led when, what is missing and what made
// no sense.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "check/observe/observer.h"

namespace check::observe {

using history::DirectedPair;

inline constexpr std::size_t kMessageTypes = 16;
using TypeCounts = std::array<std::uint64_t, kMessageTypes>;  // By wire::MessageType.

// A node spoke as the leader of a term, from `first_ns` to `last_ns`.
struct Reign {
  std::string group;
  wire::Term term;
  NodeId leader;
  std::uint64_t first_ns = 0;
  std::uint64_t last_ns = 0;
  std::uint64_t messages = 0;
};

// Some connections together.
struct Talk {
  std::uint64_t connections = 0;
  std::uint64_t bytes = 0;
  std::uint64_t lost = 0;
  // Those of which a direction has gaps or made no sense; no more than Tally::kMostTold.
  std::vector<Conversation> troubled;
  std::uint64_t untold = 0;  // Troubled ones beyond.
};

class Tally final : public Witness {
 public:
  static constexpr std::size_t kMostTold = 1000;
  static constexpr std::size_t kMostReigns = 10'000;

  void seen(const wire::Observation& observation) override;
  void lost(const Conversation&, capture::Side, std::uint64_t) override {}
  void opaque(const Conversation&, capture::Side) override {}
  void restarted(NodeId node, std::uint64_t time_ns) override;
  void ended(const Conversation& conversation) override;
  // After the last connection.
  void finish();

  std::uint64_t messages() const { return messages_; }
  const std::map<DirectedPair, TypeCounts>& links() const { return links_; }
  // In the order in which they began.
  std::vector<Reign> reigns() const;
  std::uint64_t untold_reigns() const { return untold_reigns_; }

  // Which node, and when; the first kMostTold.
  const std::vector<std::pair<NodeId, std::uint64_t>>& restarts() const { return restarts_; }

  // The connections of the protocol: to ends where messages were understood.
  const Talk& spoken() const { return spoken_; }
  // All others. Why they are not of the protocol, and of how many directions that is so.
  const Talk& foreign() const { return foreign_; }
  const std::map<std::string, std::uint64_t>& foreign_reasons() const { return reasons_; }

 private:
  using ReignKey = std::pair<std::string, std::pair<wire::Term, NodeId>>;

  std::uint64_t messages_ = 0;
  std::map<DirectedPair, TypeCounts> links_;
  std::map<ReignKey, Reign> reigns_;
  std::uint64_t untold_reigns_ = 0;
  std::vector<std::pair<NodeId, std::uint64_t>> restarts_;
  Talk spoken_;
  Talk foreign_;
  std::map<std::string, std::uint64_t> reasons_;
  // Connections without messages, by where they went: not yet known which kind they are.
  std::map<capture::Endpoint, Talk> silent_;
  std::set<capture::Endpoint> ends_;  // Where messages were understood.
};

}  // namespace check::observe
