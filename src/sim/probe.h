// SPDX-License-Identifier: Apache-2.0
// Rare situations that a sweep must reach, and how often it did. They are seen from outside, from
// what a server was, was given, and became: the shipping code knows nothing of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sim {

enum class Probe : std::uint8_t {
  LeaderElected,
  TwoLeadersAtOnce,
  ElectionSplit,
  LeaderDeposedByTerm,
  LeaderLostMajority,
  CandidateYielded,
  PreVoteRefusedByLeader,
  PreVoteRefusedStaleLog,
  VoteRefusedStaleLog,
  VoteRefusedOtherVote,
  VoteKeptOverRestart,
  SuffixTruncated,
  UnsyncedTruncated,
  AppendRefused,
  AppendRefusedOldTerm,
  HintSkipped,
  OldAppendIgnored,
  OldTermWaited,
  OldTermCommitted,
  WindowFull,
  AppendSplit,
  ReadAfterDeposition,
  ReadWaitedForNoop,
  WriteUnknown,
  Overloaded,
  CasMismatch,
  LeaderCrashed,
  CrashBeforeSync,
  CrashAfterSync,
  CrashInRecovery,
  UnsyncedLost,
  TornTailCut,
  SegmentBegun,
  SyncFailed,
  DiskFull,
  DamageFound,
  DamageFoundAgain,
  SnapshotLost,
  FrameRefused,
  MessageDoubled,
  MessageLate,
  MajorityDown,
  AllDown,
  SnapshotTaken,
  LogCompacted,
  SnapshotInstalled,
  SnapshotInChunks,
  SnapshotRestored,
  SnapshotFailed,
  ChangeDone,
  ChangeRefused,
  JointEntered,
  JointLeft,
  ConfigurationCutOff,
  LearnerPromoted,
  LeaderRemoved,
  SpareJoined,
  RemovedAsksForVotes,
  TransferDone,
  TransferFailed,
  WriteWhileTransferring,
  WriteRetried,
  RepeatRecognised,
  SessionExpired,
  FollowerRead,
  LeaseRead,
  TicksMissed,
  TicksSlept,
  Count
};

inline constexpr std::size_t kProbes = static_cast<std::size_t>(Probe::Count);

// "vote-refused-stale-log", and what it means in a few words.
std::string_view name(Probe probe);
std::string_view meaning(Probe probe);

class Coverage {
 public:
  void hit(Probe probe) { counts_[static_cast<std::size_t>(probe)] += 1; }
  void add(Probe probe, std::uint64_t times) { counts_[static_cast<std::size_t>(probe)] += times; }
  std::uint64_t count(Probe probe) const { return counts_[static_cast<std::size_t>(probe)]; }
  const std::array<std::uint64_t, kProbes>& counts() const { return counts_; }

 private:
  std::array<std::uint64_t, kProbes> counts_{};
};

}  // namespace sim
