// SPDX-License-Identifier: Apache-2.0
// How much of the world an exploration looks at. Within these bounds it leaves nothing out; beyond
// them it has seen nothing. Every number is printed with the result (docs/exploration.md).
#pragma once

#include <cstddef>
#include <cstdint>

namespace explore {

inline constexpr std::uint32_t kMaxServers = 5;
inline constexpr std::uint32_t kMaxFlights = 32;

// How often something may still happen, in the whole cluster.
struct Budget {
  std::uint8_t timeouts = 3;    // A server hears nobody for too long and asks for votes.
  std::uint8_t heartbeats = 0;  // A leader's.
  std::uint8_t proposals = 0;   // Commands of clients.
  std::uint8_t crashes = 0;     // Each with its restart.
  std::uint8_t losses = 0;      // A message taken off the wire. Not needed to reach anything: a
                                // message that is never delivered is a lost one.
  std::uint8_t duplicates = 0;  // A message delivered that stays on the wire.
  friend bool operator==(const Budget&, const Budget&) = default;
};

// Prompt: what a step writes is on disk before anything else happens. Slow: when it gets there is a
// choice like any other, and a crash before that keeps any number of the first records. Forgetful:
// prompt, but a crash loses everything, which no Raft survives: to see the judges at work.
enum class Disks : std::uint8_t { Prompt, Slow, Forgetful };

struct Bounds {
  std::uint32_t nodes = 3;     // 2..kMaxServers.
  std::uint32_t depth = 1000;  // Actions in a row.
  // Messages in flight, at most kMaxFlights. Where there would be more, those of the lowest terms
  // are lost, all of a term at once, but none of the highest; where that is not enough, the action
  // is not taken (Report::crowded).
  std::uint32_t flights = 24;
  Budget budget;
  Disks disks = Disks::Prompt;
  bool symmetry = true;  // States that differ in the servers' names only are one state.
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;  // For states; in all, over all workers.
};

}  // namespace explore
