// SPDX-License-Identifier: Apache-2.0
// How a Replica comes back from what its disk holds.
#include <utility>

#include "mutant/mutant.h"
#include "replica/replica.h"

namespace replica {
namespace {

// The bugs of a careless recovery, for the simulator to find.
void forget_something(journal::Opened& opened, raft::NodeId self) {
  raft::HardState& state = opened.hard_state;
  const raft::Term end = opened.entries.empty() ? opened.base.term : opened.entries.back().id.term;
  if (MUTANT(ForgetsItsVoteInARestart)) state.vote.reset();
  if (MUTANT(ClaimsItsVoteInARestart) && state.vote) state.vote = self;
  if (MUTANT(TermWithoutAVoteIsForgotten) && !state.vote) state.term = end;
  if (MUTANT(EmptyLogMeansANewServer) && opened.entries.empty()) state = {};
  if (MUTANT(OldTailIsDroppedInARestart) && !opened.entries.empty() && end < state.term) {
    opened.entries.pop_back();
  }
  if (MUTANT(LastNoopIsLostInARestart) && !opened.entries.empty() &&
      opened.entries.back().payload == nullptr) {
    opened.entries.pop_back();
  }
  if (MUTANT(TakesItsTermFromTheLog) && !opened.entries.empty()) {
    state = {opened.entries.back().id.term, std::nullopt};
  }
}

raft::Recovered recovered(journal::Opened& opened, const Snapshots& snapshots) {
  raft::Recovered result;
  result.hard_state = opened.hard_state;
  if (snapshots.newest()) {
    result.snapshot = snapshots.newest()->meta;
    result.snapshot_total = snapshots.newest()->total;
  }
  result.base = opened.base;
  result.entries = std::move(opened.entries);
  result.floor = opened.floor;
  return result;
}

base::Error beyond_repair(const journal::Opened& opened) {
  return {base::ErrorCode::Corrupt,
          journal::reason_of(opened.floor, opened.findings)->sentence() +
              ": nobody knows what this server has promised, so it never comes back; only a new "
              "server, under a new id, can take its place"};
}

base::Error nobody_sends_again(raft::EntryId floor, const std::vector<journal::Finding>& of_log,
                               const std::vector<journal::Finding>& of_snapshots) {
  const journal::Finding* reason = journal::reason_of(floor, of_log);
  std::string why =
      reason == nullptr ? "the log is shorter than what was acknowledged" : reason->sentence();
  // The log lacks what only a snapshot held.
  if (reason != nullptr && reason->file.empty()) {
    for (const journal::Finding& finding : of_snapshots) why += "; " + finding.sentence();
  }
  return {base::ErrorCode::Corrupt, std::move(why)};
}

}  // namespace

base::Result<Replica> Replica::open(const Ground& ground, const Config& config) {
#ifdef SEAWORTHY_BROKEN
  if (config.broken == Broken::LostTail) {  // Forgets the last batch that was synced.
    TRY([[maybe_unused]] const auto cut, journal::forget_last_batch(ground.disk, config.journal));
  }
#endif
  TRY(Snapshots snapshots, Snapshots::open(ground.disk, config.journal.cluster));
  std::optional<raft::EntryId> covered;
  if (snapshots.newest()) {
    covered = snapshots.newest()->meta.last;
    TRY([[maybe_unused]] const base::Done restored, snapshots.restore(ground.machine));
  }
  TRY(journal::Opened opened, journal::Journal::open(ground.disk, config.journal, covered));
  // Its term may be lost with the rest: whoever leads by what it promised in a later one counts on
  // it not to acknowledge what a leader of an earlier one still sends.
  if (opened.floor == journal::kUnknownFloor) return beyond_repair(opened);
  forget_something(opened, config.raft.self);
#ifdef SEAWORTHY_BROKEN
  if (config.broken == Broken::ForgetsVote) opened.hard_state.vote.reset();  // May vote again.
#endif
  raft::Recovered state = recovered(opened, snapshots);
  Replica replica(ground, config, {std::move(snapshots), std::move(opened), std::move(state)});
  if (replica.node_.floor() != raft::EntryId{} && replica.is_alone()) {
    return nobody_sends_again(replica.node_.floor(), replica.findings_,
                              replica.snapshots_.findings());
  }
  return replica;
}

Replica::Replica(const Ground& ground, const Config& config, Parts parts)
    : config_(config),
      machine_(ground.machine),
      outlet_(ground.outlet),
      journal_(std::move(parts.opened.journal)),
      snapshots_(std::move(parts.snapshots)),
      findings_(std::move(parts.opened.findings)),
      node_(config.raft, std::move(parts.recovered)) {
  findings_.insert(findings_.end(), snapshots_.findings().begin(), snapshots_.findings().end());
  if (snapshots_.newest()) applied_ = snapshots_.newest()->meta.last.index;
}

// A shortened log is repaired by the others; there must be some. Who they are says what is left of
// it, not who began the cluster.
bool Replica::is_alone() const {
  const raft::Configuration& now = node_.configuration();
  return !now.is_joint() && now.voters.size() == 1 && now.has_voter(config_.raft.self);
}

}  // namespace replica
