// SPDX-License-Identifier: Apache-2.0
// Reads at a leader: by asking a majority (thesis §6.4), or by the promise that one has lately made
// (thesis §6.4.1).
#include <algorithm>

#include "mutant/mutant.h"
#include "raft/leader.h"

namespace raft {

namespace {

void answer(const WaitingRead& read, Term term, Effects& out) {
  if (read.from == NodeId{}) {
    out.readable.push_back({ReadId(read.id), read.index});
  } else {
    out.send_now.push_back({read.from, ReadIndexReply{term, read.id, true, read.index}});
  }
}

}  // namespace

bool Leader::read(WaitingRead read, const Log& log, Effects& out) {
  if (reads_.size() >= config_->max_pending_reads) return false;
  // Before an entry of its own term is committed, a leader does not know what is (Raft §8). Its
  // first entry lies behind everything that may have been committed and acknowledged.
  read.index = MUTANT(ReadsBeforeItsOwnCommit) ? log.commit() : std::max(log.commit(), noop_);
  // Only its owner's reads come behind a look at the clock; a follower's question may have waited
  // for long, while this server was stopped.
  const bool timely = read.from == NodeId{} || MUTANT(LeaseAnswersFollowers);
  if (timely && read.index <= log.commit() && reads_.empty() && has_lease()) {
    answer(read, term_, out);
    return true;
  }
  const bool shares = MUTANT(ReadSharesTheRoundUnderWay) && confirmed_round() < round_;
  reads_.push(read, MUTANT(ReadNeedsNoNewRound) || shares ? round_ : round_ + 1);
  // One round at a time: reads that come while it is under way share the next.
  if (confirmed_round() == round_) heartbeat_all(log, out);
  return true;
}

void Leader::answer_reads(const Log& log, Effects& out) {
  if (config_->lease.on) forget_rounds();
  if (reads_.empty()) return;
  const std::uint64_t confirmed = confirmed_round();
  reads_.release(confirmed, log.commit(),
                 [&](const WaitingRead& read) { answer(read, term_, out); });
  if (!reads_.empty() && reads_.last_round() > round_ && confirmed == round_) {
    heartbeat_all(log, out);
  }
}

// Those before the latest that was confirmed. A leader that is the only voter hears no answers.
void Leader::forget_rounds() {
  const std::uint64_t confirmed = confirmed_round();
  std::erase_if(rounds_, [confirmed](const Round& round) { return round.number < confirmed; });
}

void Leader::refuse_reads(Effects& out) {
  reads_.drain([&](const WaitingRead& read) {
    if (read.from == NodeId{}) {
      out.unreadable.emplace_back(read.id);
    } else {
      out.send_now.push_back({read.from, ReadIndexReply{term_, read.id, false, {}}});
    }
  });
}

std::uint64_t Leader::confirmed_round() const {
  return quorum_.reached([this](NodeId voter) {
    const bool free = MUTANT(ReadQuorumIsOneShort) && voter == peers_.front().id;
    return voter == config_->self || free ? round_ : find_peer(voter)->round;
  });
}

// A voter that heard us at its tick t helps nobody else before its tick t + election_ticks_min
// (Node::may_help). The first two ticks of these may come at once, when it was late (input.h,
// Tick): so that is at least election_ticks_min - 2 whole ticks of its clock, and it heard us after
// we began to send the round; `now_ - began` is at most one tick less than what has passed of ours.
// With clocks that differ by the stated share, this server leads for sure while the second is below
// the first. With so few ticks that nothing is left of them, there is no lease.
bool Leader::has_lease() const {
  if (!config_->lease.on) return false;
  if ((made_room_ || succession_) && !MUTANT(LeaseOutlivesATransfer)) return false;
  const std::uint64_t confirmed = confirmed_round();
  const auto round = std::ranges::find(rounds_, confirmed, &Round::number);
  if (round == rounds_.end()) return false;
  const std::uint64_t promised = std::max<std::uint64_t>(config_->election_ticks_min, 2) - 2;
  const std::uint64_t drift = MUTANT(LeaseTrustsAllClocks)
                                  ? 0
                                  : std::min<std::uint64_t>(config_->lease.drift_per_mille, 1000);
  return (now_ + missed_ - round->began + 1) * 1000 <= promised * (1000 - drift);
}

}  // namespace raft
