// SPDX-License-Identifier: Apache-2.0
// The words for faults: what is done, to whom, as a plan writes it: "kill leader",
// "partition one-way", "quiet kill all".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace check::plan {

enum class FaultKind : std::uint8_t {
  Kill,
  Pause,
  Restart,
  Partition,
  Hold,
  Delay,
  PowerCut,
  TornWrite,
  DiskFull,
  DiskError,
  SlowDisk,
  KillAtSync,
  KillAfterSync,
  SyncError,
  ClockJump,
  ClockJumpBack,
  ClockDrift,
  ClockDriftBack,
  Transfer,
  Replace
};

// Whom a fault strikes. The first group names nodes; the second names shapes of a network. What a
// word means for a certain leader and a drawn order of nodes is in shape.h.
enum class Target : std::uint8_t {
  Leader,
  Follower,
  One,
  Minority,
  Majority,
  All,
  OneWay,
  Bridge,
  Ring,
};

struct Fault {
  FaultKind kind = FaultKind::Kill;
  Target target = Target::One;
  // Clients are brought to rest first: nothing is in flight when it strikes, so all that was
  // acknowledged before is all there is, and they begin again with reads.
  bool quiet = false;
  friend bool operator==(const Fault&, const Fault&) = default;
};

struct FaultWord {
  FaultKind kind;
  std::string_view word;
  std::string_view meaning;
};
struct TargetWord {
  Target target;
  std::string_view word;
  std::string_view meaning;
};
std::span<const FaultWord> fault_words();
std::span<const TargetWord> target_words();

// Partition, hold and delay strike links; the others strike nodes.
constexpr bool strikes_network(FaultKind kind) {
  return kind == FaultKind::Partition || kind == FaultKind::Hold || kind == FaultKind::Delay;
}

// Power cuts and the troubles of disks need data directories that can be struck.
constexpr bool strikes_disk(FaultKind kind) {
  return kind >= FaultKind::PowerCut && kind <= FaultKind::SlowDisk;
}
// These strike a node in a system call of its own.
constexpr bool strikes_sync(FaultKind kind) {
  return kind >= FaultKind::KillAtSync && kind <= FaultKind::SyncError;
}
// These set a node's wall clock wrong.
constexpr bool strikes_clock(FaultKind kind) {
  return kind >= FaultKind::ClockJump && kind <= FaultKind::ClockDriftBack;
}
// These need a system that can change its members, or hand over leadership.
constexpr bool changes_members(FaultKind kind) { return kind == FaultKind::Replace; }
constexpr bool transfers(FaultKind kind) { return kind == FaultKind::Transfer; }

// Whether the kind can strike the target: "kill bridge" means nothing.
bool fits(FaultKind kind, Target target);

// "quiet kill all" and back. The error says which word is wrong and the nearest right one.
base::Result<Fault> parse_fault(const std::string& text);
std::string describe(const Fault& fault);
std::string_view word(FaultKind kind);

}  // namespace check::plan
