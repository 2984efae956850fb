// SPDX-License-Identifier: Apache-2.0
#include "check/plan/fault.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

#include "base/text.h"

namespace check::plan {

namespace {

constexpr std::array<FaultWord, 20> kFaults = {
    FaultWord{FaultKind::Kill, "kill",
              "SIGKILL every process of the node; start it again after the fault's length"},
    FaultWord{FaultKind::Pause, "pause",
              "SIGSTOP every process of the node, SIGCONT after the length"},
    FaultWord{FaultKind::Restart, "restart",
              "SIGTERM, wait for the exit, start again after the length"},
    FaultWord{FaultKind::Partition, "partition",
              "drop every packet of the cut pairs, for the length"},
    FaultWord{FaultKind::Hold, "hold",
              "keep every byte of the cut pairs in the monitor, deliver all at the end"},
    FaultWord{FaultKind::Delay, "delay",
              "deliver every byte of the pairs late, by a tenth of the length"},
    FaultWord{FaultKind::PowerCut, "power-cut",
              "cut the node off, kill it, and lose all writes that it did not sync; start it again "
              "after the length"},
    FaultWord{FaultKind::TornWrite, "torn-write",
              "a power cut in which only the last write is lost, in part"},
    FaultWord{
        FaultKind::DiskFull, "disk-full",
        "the node's writes fail with ENOSPC for the length; if it gave up, it is started again"},
    FaultWord{FaultKind::DiskError, "disk-error",
              "the node's writes and syncs fail with EIO for the length; as above"},
    FaultWord{FaultKind::SlowDisk, "slow-disk",
              "each write and sync of the node takes longer, by a tenth of the length"},
    FaultWord{FaultKind::KillAtSync, "kill-at-sync",
              "kill the node in its next sync, which is not done; start it again after the length"},
    FaultWord{FaultKind::KillAfterSync, "kill-after-sync",
              "kill the node when its next sync is done, before it learns of that; as above"},
    FaultWord{FaultKind::SyncError, "sync-error",
              "the node's next sync is not done and fails with EIO; if it gave up, it is started "
              "again after the length"},
    FaultWord{
        FaultKind::ClockJump, "clock-jump",
        "the node's wall clock jumps ahead by ten times the length, and is set right after it"},
    FaultWord{FaultKind::ClockJumpBack, "clock-jump-back", "the same, back"},
    FaultWord{FaultKind::ClockDrift, "clock-drift",
              "the node's wall clock gains half for the length, and is set right after it"},
    FaultWord{FaultKind::ClockDriftBack, "clock-drift-back", "the same, it loses half"},
    FaultWord{FaultKind::Transfer, "transfer", "the leader is asked to hand over to the node"},
    FaultWord{FaultKind::Replace, "replace",
              "the cluster is asked to go on without the node; after the length it comes back as a "
              "new member, its disk empty"},
};

constexpr std::array<TargetWord, 9> kTargets = {
    TargetWord{Target::Leader, "leader", "the leader; of a network: it alone against all others"},
    TargetWord{Target::Follower, "follower", "one node that does not lead; of a network: it alone"},
    TargetWord{Target::One, "one", "one node, drawn; of a network: it alone against all others"},
    TargetWord{Target::Minority, "minority", "a largest minority of nodes, the leader among them"},
    TargetWord{Target::Majority, "majority", "a smallest majority of nodes, the leader among them"},
    TargetWord{Target::All, "all", "every node; of a network: every pair of nodes"},
    TargetWord{Target::OneWay, "one-way", "the leader hears nobody, and is heard by all"},
    TargetWord{Target::Bridge, "bridge", "two halves that only one node between them connects"},
    TargetWord{Target::Ring, "ring", "each node sees a majority, no two the same one"},
};

template <class Words>
std::vector<std::string> words_of(const Words& table) {
  std::vector<std::string> result;
  result.reserve(std::size(table));
  for (const auto& entry : table) result.emplace_back(entry.word);
  return result;
}

base::Error unknown(const std::string& what, const std::string& word,
                    const std::vector<std::string>& choices) {
  return {base::ErrorCode::InvalidArgument,
          "unknown " + what + " '" + word + "'" + base::did_you_mean(word, choices)};
}

}  // namespace

std::span<const FaultWord> fault_words() { return kFaults; }
std::span<const TargetWord> target_words() { return kTargets; }

bool fits(FaultKind kind, Target target) {
  const bool is_shape =
      target == Target::OneWay || target == Target::Bridge || target == Target::Ring;
  if (transfers(kind)) return target == Target::Follower || target == Target::One;
  if (changes_members(kind)) {
    return target == Target::Leader || target == Target::Follower || target == Target::One;
  }
  return strikes_network(kind) || !is_shape;
}

base::Result<Fault> parse_fault(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string next; stream >> next;) words.push_back(next);

  Fault fault;
  if (!words.empty() && words.front() == "quiet") {
    fault.quiet = true;
    words.erase(words.begin());
  }
  if (words.size() != 2) {
    return base::Error{
        base::ErrorCode::InvalidArgument,
        "a fault is written '[quiet] WHAT WHOM', such as \"kill leader\", not \"" + text + '"'};
  }
  const auto kind = std::ranges::find(kFaults, words[0], &FaultWord::word);
  if (kind == kFaults.end()) return unknown("fault", words[0], words_of(kFaults));
  const auto target = std::ranges::find(kTargets, words[1], &TargetWord::word);
  if (target == kTargets.end()) return unknown("target", words[1], words_of(kTargets));
  fault.kind = kind->kind;
  fault.target = target->target;
  if (!fits(fault.kind, fault.target)) {
    if (transfers(fault.kind) || changes_members(fault.kind)) {
      return base::Error{base::ErrorCode::InvalidArgument,
                         '\'' + words[0] + "' strikes one node: " +
                             (transfers(fault.kind) ? "" : "leader, ") + "follower or one"};
    }
    return base::Error{base::ErrorCode::InvalidArgument,
                       '\'' + words[1] + "' is a shape of a network; '" + words[0] +
                           "' strikes nodes: leader, follower, one, minority, majority or all"};
  }
  return fault;
}

std::string_view word(FaultKind kind) {
  return std::ranges::find(kFaults, kind, &FaultWord::kind)->word;
}

std::string describe(const Fault& fault) {
  return std::string(fault.quiet ? "quiet " : "") + std::string(word(fault.kind)) + ' ' +
         std::string(std::ranges::find(kTargets, fault.target, &TargetWord::target)->word);
}

}  // namespace check::plan
