// SPDX-License-Identifier: Apache-2.0
#include "raft/leader.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "mutant/mutant.h"
#include "raft/quorum.h"

namespace raft {

Leader::Leader(const Config& config, Term term, LogIndex noop, std::uint64_t now)
    : config_(config), term_(term), noop_(noop) {
  for (const NodeId voter : config_.voters) {
    if (voter == config_.self) continue;
    // Raft Figure 2: nextIndex starts behind the last entry there was before this term.
    peers_.push_back({voter, Progress(noop, config_.max_inflight_messages), 0, now});
  }
}

const Leader::Peer& Leader::peer(NodeId id) const {
  const auto peer = std::ranges::find(peers_, id, &Peer::id);
  CHECK(peer != peers_.end(), id);
  return *peer;
}

const Progress& Leader::progress(NodeId id) const { return peer(id).progress; }

void Leader::replicate(const Log& log, std::vector<Envelope>& out) {
  for (Peer& peer : peers_) fill_window(peer, log, out);
}

void Leader::fill_window(Peer& peer, const Log& log, std::vector<Envelope>& out) {
  while (peer.progress.next() <= log.last().index && peer.progress.may_send()) {
    const LogIndex previous(peer.progress.next().value() - 1);
    std::vector<Entry> entries = log.after(previous, config_.max_append_bytes);
    const LogIndex last = entries.back().id.index;
#ifdef SEAWORTHY_BROKEN
    Entry& first = entries.front();
    if (config_.broken == Broken::EmptiesResent && first.id.index <= log.commit()) {
      first.kind = EntryKind::Noop;  // Others have it as it was.
      first.payload = nullptr;
    }
#endif
    send(peer, log, std::move(entries), out);
    peer.progress.on_sent(last);
  }
}

void Leader::heartbeat(const Log& log, std::vector<Envelope>& out) {
  if (!reads_.empty() && reads_.last_round() > round_) round_ += 1;
  for (const Peer& peer : peers_) {
    const bool full = peer.progress.mode() == Progress::Mode::Pipeline && !peer.progress.may_send();
    if (full && MUTANT(NoHeartbeatWhileTheWindowIsFull)) continue;
    send(peer, log, {}, out);
  }
}

void Leader::send(const Peer& peer, const Log& log, std::vector<Entry> entries,
                  std::vector<Envelope>& out) const {
  const LogIndex previous(peer.progress.next().value() - 1);
  const std::optional<EntryId> id = log.find_id(previous);
  CHECK(id.has_value(), previous, log.last().index);
  out.push_back({peer.id, AppendEntries{term_, *id, log.commit(), round_, std::move(entries)}});
}

void Leader::on_reply(NodeId from, const AppendReply& reply, const Log& log, std::uint64_t now,
                      std::vector<Envelope>& out) {
  CHECK(reply.term == term_, reply.term, term_);
  const auto peer = std::ranges::find(peers_, from, &Peer::id);
  if (peer == peers_.end()) return;
  // Nothing that this leader sent can have such an answer.
  const LogIndex last = log.last().index;
  if (reply.previous > last || reply.match > last || reply.round > round_) return;

  peer->heard = now;
  const bool news = reply.success && reply.match > peer->progress.match();
  const bool confirms = MUTANT(AnyAnswerConfirmsReads) || (MUTANT(ProgressConfirmsReads) && news);
  peer->round = std::max(peer->round, confirms ? round_ : reply.round);
  const bool pipeline = peer->progress.mode() == Progress::Mode::Pipeline;
  const bool lost = MUTANT(HintOfALostAppendCountsAsMatch) && pipeline;
  if ((MUTANT(HintCountsAsMatch) || lost) && !reply.success)
    peer->progress.on_success(reply.hint.index);
  if (reply.success) {
    peer->progress.on_success(reply.match);
  } else {
    // The follower's hint is an entry of its log. Ours agrees with it at most up to the last entry
    // that is neither behind the hint nor of a later term.
    peer->progress.on_refusal(reply.previous,
                              log.last_at_or_below(reply.hint.index, reply.hint.term).index);
  }
  fill_window(*peer, log, out);
}

bool Leader::read(ReadId id, const Log& log, std::vector<Envelope>& out) {
  if (reads_.size() >= config_.max_pending_reads) return false;
  // Before an entry of its own term is committed, a leader does not know what is (Raft §8). Its
  // first entry lies behind everything that may have been committed and acknowledged.
  const LogIndex index =
      MUTANT(ReadsBeforeItsOwnCommit) ? log.commit() : std::max(log.commit(), noop_);
  const bool shares = MUTANT(ReadSharesTheRoundUnderWay) && confirmed_round() < round_;
  reads_.push({id, index}, MUTANT(ReadNeedsNoNewRound) || shares ? round_ : round_ + 1);
  // One round at a time: reads that come while it is under way share the next.
  if (confirmed_round() == round_) heartbeat(log, out);
  return true;
}

void Leader::answer_reads(const Log& log, Effects& out) {
  if (reads_.empty()) return;
  const std::uint64_t confirmed = confirmed_round();
  reads_.release(confirmed, log.commit(), out.readable);
  if (!reads_.empty() && reads_.last_round() > round_ && confirmed == round_) {
    heartbeat(log, out.send_now);
  }
}

std::uint64_t Leader::confirmed_round() const {
  return majority_reached(config_.voters, [this](NodeId voter) {
    const bool free = MUTANT(ReadQuorumIsOneShort) && voter == peers_.front().id;
    return voter == config_.self || free ? round_ : peer(voter).round;
  });
}

LogIndex Leader::majority_match(LogIndex own) const {
  return majority_reached(config_.voters, [this, own](NodeId voter) {
    return voter == config_.self ? own : peer(voter).progress.match();
  });
}

bool Leader::hears_majority(std::uint64_t now) const {
  return is_majority(config_.voters, [this, now](NodeId voter) {
    return voter == config_.self || MUTANT(LeadsWithoutAMajority) ||
           now - peer(voter).heard < config_.election_ticks_max;
  });
}

void Leader::check_invariants(const Log& log) const {
  CHECK(noop_ <= log.last().index, noop_, log.last().index);
  CHECK(log.at(noop_).id.term == term_, noop_, term_);
  CHECK(reads_.size() <= config_.max_pending_reads, reads_.size());
  CHECK(reads_.empty() || reads_.last_round() <= round_ + 1, reads_.last_round(), round_);
  for (const Peer& peer : peers_) {
    const base::CheckContext context("progress of " + std::to_string(peer.id.value));
    peer.progress.check_invariants(log.last().index);
    CHECK(peer.round <= round_, peer.round, round_);
  }
}

}  // namespace raft
