// SPDX-License-Identifier: Apache-2.0
// What plans of a search are made of: faults by time that this cluster can suffer, and messages
// that were seen on the wire with what can be done to them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "check/plan/plan.h"
#include "check/search/trace.h"
#include "check/wire/protocol.h"

namespace check::search {

// Thousandths of an election timeout: shorter than one, one, and longer than a cluster needs.
std::uint32_t drawn_length(base::Prng& prng);
std::uint32_t drawn_gap(base::Prng& prng);

class Palette {
 public:
  // `protocol`: none if messages are not understood; then there are no rules.
  Palette(std::uint32_t nodes, std::optional<wire::Protocol> protocol);

  // These messages were seen in a run.
  void learn(const std::map<Talk, std::uint64_t>& talks);

  std::uint32_t nodes() const { return nodes_; }
  const std::vector<plan::Fault>& faults() const { return faults_; }
  // Which messages rules can be about, and how many of each a run has. Empty: none yet.
  const std::map<Talk, std::uint64_t>& talks() const { return talks_; }
  // The types by which a leader shows itself, as far as they were seen.
  std::vector<wire::MessageType> leading() const;

  // Words for what may become of such a message, as plan::parse_action() takes them without what
  // stands behind: what a network may do. Forging is not among them: it proves nothing.
  std::vector<std::string> deeds(wire::MessageType type) const;
  // Words for what may be done to nodes, network or clients, and what ends that ("": nothing).
  struct Strike {
    std::string word;
    std::string arguments;
    std::string end;
  };
  const std::vector<Strike>& strikes() const { return strikes_; }

  // Every node once.
  std::vector<history::NodeId> order(base::Prng& prng) const;

 private:
  std::uint32_t nodes_;
  std::optional<wire::Protocol> protocol_;
  std::vector<plan::Fault> faults_;
  std::vector<Strike> strikes_;
  std::map<Talk, std::uint64_t> talks_;
};

}  // namespace check::search
