// SPDX-License-Identifier: Apache-2.0
#include "raft/leader.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "mutant/mutant.h"
#include "raft/quorum.h"

namespace raft {

Leader::Leader(std::shared_ptr<const Config> config, Term term, LogIndex noop, std::uint64_t now)
    : config_(std::move(config)), term_(term), noop_(noop), now_(now) {}

void Leader::reconfigure(const Membership& membership, const Log& log) {
  quorum_ = membership.quorum();
  const std::vector<NodeId> members = membership.current().ids();
  // Who was removed and is a member again has no more than it says from now on: its disk may be
  // another.
  const auto is_back = [&members](const Peer& peer) {
    return peer.leaves_at && std::ranges::binary_search(members, peer.id);
  };
  if (!MUTANT(RemembersTheFormerMember)) std::erase_if(peers_, is_back);
  for (Peer& peer : peers_) {
    const bool stays = std::ranges::binary_search(members, peer.id);
    if (stays) peer.leaves_at.reset();
    if (!stays && !peer.leaves_at) peer.leaves_at = now_ + config_->election_ticks_max;
  }
  for (const NodeId id : members) {
    if (id == config_->self || find_peer(id) != nullptr) continue;
    // Raft Figure 2: nextIndex starts behind the last entry there was before this term. Who comes
    // later is asked about the latest.
    const LogIndex next = std::max(noop_, log.last().index);
    const Progress::Limits limits{config_->max_inflight_messages, config_->max_inflight_bytes};
    Peer peer{id, Progress(next, limits), 0, now_, now_ + config_->heartbeat_ticks, {}, {}, 0};
    peers_.insert(std::ranges::upper_bound(peers_, id, {}, &Peer::id), std::move(peer));
  }
}

Leader::Peer* Leader::find_peer(NodeId id) {
  const auto peer = std::ranges::find(peers_, id, &Peer::id);
  return peer == peers_.end() ? nullptr : &*peer;
}
const Leader::Peer* Leader::find_peer(NodeId id) const {
  const auto peer = std::ranges::find(peers_, id, &Peer::id);
  return peer == peers_.end() ? nullptr : &*peer;
}

const Progress* Leader::find_progress(NodeId id) const {
  const Peer* peer = find_peer(id);
  return peer == nullptr ? nullptr : &peer->progress;
}

const Progress& Leader::progress(NodeId id) const {
  const Peer* peer = find_peer(id);
  CHECK(peer != nullptr, id);
  return peer->progress;
}

void Leader::on_tick(const Log& log, Effects& out) {
  const std::uint64_t now = now_;
  std::erase_if(peers_,
                [now](const Peer& peer) { return peer.leaves_at && *peer.leaves_at <= now; });
  batches_.trim();
  const auto is_due = [now](const Peer& peer) { return peer.due <= now; };
  if (std::ranges::any_of(peers_, is_due)) begin_round();
  for (Peer& peer : peers_) {
    if (is_due(MUTANT(OneDeadlineForAll) ? peers_.front() : peer)) {
      peer.due = now + config_->heartbeat_ticks;
      heartbeat(peer, log, out);
    }
    const bool unanswered = peer.transfer && peer.transfer->due <= now;
    if (unanswered && !MUTANT(LostChunkIsNotSentAgain)) send_chunk_again(peer, out);
  }
  if (succession_ && succession_->deadline <= now && !MUTANT(TransferNeverGivesUp)) {
    succession_.reset();
  }
  if (succession_ && succession_->due <= now) hand_over(log, out);
}

std::uint64_t Leader::quiet_ticks() const {
  std::uint64_t next = now_ + config_->heartbeat_ticks;
  const auto look_at = [&](std::uint64_t due) { next = std::min(next, std::max(due, now_ + 1)); };
  for (const Peer& peer : peers_) {
    look_at(peer.due);
    if (peer.leaves_at) look_at(*peer.leaves_at);
    if (peer.transfer) look_at(peer.transfer->due);
    const std::uint64_t unheard = peer.heard + config_->election_ticks_max;
    if (unheard > now_) look_at(unheard);  // Perhaps there is no majority then.
  }
  if (succession_) look_at(std::min(succession_->due, succession_->deadline));
  return next - now_ - 1;
}

void Leader::begin_round() {
  const bool asked = !reads_.empty() && reads_.last_round() > round_;
  if (!asked && !config_->lease.on) return;
  if (config_->lease.on) forget_rounds();
  round_ += 1;
  if (config_->lease.on) rounds_.push_back({round_, now_ + missed_});
}

void Leader::replicate(const Log& log, Effects& out) {
  for (Peer& peer : peers_) fill_window(peer, log, out);
}

void Leader::fill_window(Peer& peer, const Log& log, Effects& out) {
  if (needs_snapshot(peer, log)) return transfer_snapshot(peer, log, out);
  while (peer.progress.next() <= log.last().index && peer.progress.may_send()) {
    const LogIndex previous(peer.progress.next().value() - 1);
    const Batches::Batch& batch = batches_.after(previous, log, config_->max_append_bytes);
    Entries entries = batch.entries;
    const LogIndex last = entries.back().id.index;
#ifdef SEAWORTHY_BROKEN
    if (config_->broken == Broken::EmptiesResent && entries.front().id.index <= log.commit()) {
      Entry& first = entries.edit().front();
      first.kind = EntryKind::Noop;  // Others have it as it was.
      first.payload = nullptr;
    }
#endif
    send(peer, *log.find_id(previous), log, std::move(entries), out);
    peer.progress.on_sent(last, batch.bytes);
  }
}

// Puts off nobody's own heartbeat: what reads ask for comes besides.
void Leader::heartbeat_all(const Log& log, Effects& out) {
  begin_round();
  for (Peer& peer : peers_) heartbeat(peer, log, out);
}

// An AppendEntries without entries: keeps the follower quiet, tells it the commit mark, finds out
// about lost messages, and carries the round that reads wait for.
void Leader::heartbeat(Peer& peer, const Log& log, Effects& out) {
  if (needs_snapshot(peer, log)) transfer_snapshot(peer, log, out);
  const bool full = peer.progress.mode() == Progress::Mode::Pipeline && !peer.progress.may_send();
  if (full && MUTANT(NoHeartbeatWhileTheWindowIsFull)) return;
  const std::optional<EntryId> previous = log.find_id(LogIndex(peer.progress.next().value() - 1));
  // Whoever is being sent a snapshot may have it by now.
  send(peer, previous.value_or(log.base()), log, {}, out);
}

void Leader::send(const Peer& peer, EntryId previous, const Log& log, Entries entries,
                  Effects& out) const {
  out.send_now.push_back(
      {peer.id, AppendEntries{term_, previous, log.commit(), round_, std::move(entries)}});
}

void Leader::on_reply(NodeId from, const AppendReply& reply, const Log& log, Effects& out) {
  CHECK(reply.term == term_, reply.term, term_);
  Peer* const peer = find_peer(from);
  if (peer == nullptr) return;
  // Nothing that this leader sent can have such an answer.
  const LogIndex last = log.last().index;
  if (reply.previous > last || reply.count > last.since(reply.previous)) return;
  if (reply.round > round_) return;

  peer->heard = now_;
  if (MUTANT(AnswerPutsOffTheHeartbeat)) peer->due = now_ + config_->heartbeat_ticks;
  Progress& progress = peer->progress;
  const bool news = reply.success && reply.match() > progress.match();
  const bool confirms = MUTANT(AnyAnswerConfirmsReads) || (MUTANT(ProgressConfirmsReads) && news);
  peer->round = std::max(peer->round, confirms ? round_ : reply.round);
  const bool lost =
      MUTANT(HintOfALostAppendCountsAsMatch) && progress.mode() == Progress::Mode::Pipeline;
  if ((MUTANT(HintCountsAsMatch) || lost) && !reply.success) progress.on_success(reply.hint.index);
  const bool takes_back =
      reply.success ? reply.match() < progress.match() : reply.previous <= progress.match();
  if (reply.lost && takes_back && now_ >= peer->believes_loss_at) {
    // All answers of such a follower say so until it has caught up, and those that overtook each
    // other look like another loss: to send everything again for each of them feeds on itself.
    peer->believes_loss_at = now_ + config_->heartbeat_ticks;
    on_loss(*peer, reply, log);
  } else if (!reply.success) {
    // The follower's hint is an entry of its log. Ours agrees with it at most up to the last entry
    // that is neither behind the hint nor of a later term.
    progress.on_refusal(reply.previous,
                        log.last_at_or_below(reply.hint.index, reply.hint.term).index);
  } else if (progress.mode() != Progress::Mode::Snapshot) {
    progress.on_success(reply.match());
  } else if (reply.match() >= log.base().index) {
    progress.on_installed(reply.match());
    peer->transfer.reset();
  }
  fill_window(*peer, log, out);
  if (succession_ && succession_->to == from && news) hand_over(log, out);
}

// Its copies count from the beginning again. A late answer that says so costs a question more.
void Leader::on_loss(Peer& peer, const AppendReply& reply, const Log& log) {
  const LogIndex hint = log.last_at_or_below(reply.hint.index, reply.hint.term).index;
  const LogIndex before_next(peer.progress.next().value() - 1);
  const LogIndex match = reply.success ? std::min(reply.match(), before_next) : LogIndex();
  peer.progress.on_loss(match, std::max(match, std::min(hint, before_next)));
}

LogIndex Leader::majority_match(LogIndex own) const {
  return quorum_.reached(
      [this, own](NodeId voter) { return voter == config_->self ? own : progress(voter).match(); });
}

bool Leader::hears_majority() const {
  return quorum_.holds([this](NodeId voter) {
    return voter == config_->self || MUTANT(LeadsWithoutAMajority) ||
           now_ - find_peer(voter)->heard < config_->election_ticks_max;
  });
}

bool Leader::was_lately_heard(const Peer& peer) const {
  return now_ - peer.heard < config_->election_ticks_min;
}

bool Leader::is_close(NodeId id, const Log& log, std::uint64_t lag) const {
  const Peer* peer = find_peer(id);
  return peer != nullptr && was_lately_heard(*peer) &&
         peer->progress.mode() == Progress::Mode::Pipeline &&
         log.last().index.since(peer->progress.match()) <= lag;
}

std::optional<NodeId> Leader::find_successor() const {
  const Peer* best = nullptr;
  for (const Peer& peer : peers_) {
    if (!quorum_.contains(peer.id) || !was_lately_heard(peer)) continue;
    if (best == nullptr || best->progress.match() < peer.progress.match()) best = &peer;
  }
  return best == nullptr ? std::nullopt : std::optional(best->id);
}

void Leader::check_invariants(const Log& log) const {
  CHECK(noop_ <= log.last().index, noop_, log.last().index);
  CHECK(noop_ <= log.base().index || log.at(noop_).id.term == term_, noop_, term_);
  CHECK(reads_.size() <= config_->max_pending_reads, reads_.size());
  CHECK(reads_.empty() || reads_.last_round() <= round_ + 1, reads_.last_round(), round_);
  CHECK(std::ranges::is_sorted(peers_, {}, &Peer::id));
  for (const Peer& peer : peers_) {
    const base::CheckContext context("progress of " + std::to_string(peer.id.value));
    peer.progress.check_invariants(log.last().index);
    CHECK(peer.round <= round_, peer.round, round_);
    CHECK(!peer.transfer || peer.progress.mode() == Progress::Mode::Snapshot);
    CHECK(peer.due <= now_ + config_->heartbeat_ticks, peer.due, now_);
  }
}

}  // namespace raft
