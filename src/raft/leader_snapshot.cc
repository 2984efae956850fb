// SPDX-License-Identifier: Apache-2.0
// Snapshots to those who lack what the log has no more (Raft §7), one chunk a follower on its way,
// and the transfer of leadership (thesis §3.10).
#include <algorithm>

#include "base/check.h"
#include "mutant/mutant.h"
#include "raft/leader.h"

namespace raft {

// The entry before the next one to send is gone.
bool Leader::needs_snapshot(const Peer& peer, const Log& log) const {
  return peer.progress.mode() == Progress::Mode::Snapshot ||
         peer.progress.next() <= log.base().index;
}

void Leader::transfer_snapshot(Peer& peer, const Log& log, Effects& out) {
  CHECK(snapshot_ && log.base().index <= snapshot_->last.index, log.base().index);
  if (peer.progress.mode() != Progress::Mode::Snapshot) peer.progress.on_too_far_behind();
  // One that is under way goes on to its end, unless the log could not follow it up (Node compacts
  // so that this is rare): else snapshots that are taken faster than sent would never arrive.
  if (peer.transfer && log.base().index <= peer.transfer->snapshot.last.index) return;
  peer.transfer = Transfer{*snapshot_};
  send_chunk(peer, out);
}

void Leader::send_chunk(Peer& peer, Effects& out) const {
  Transfer& transfer = *peer.transfer;
  transfer.due = now_ + config_->election_ticks_min;
  transfer.tries += 1;
  const SnapshotChunk chunk{term_, transfer.snapshot.last, transfer.offset, transfer.snapshot.total,
                            nullptr};
  out.send_chunks.push_back({peer.id, chunk, config_->snapshot_chunk_bytes});
}

// An owner that has that snapshot no more sends nothing. So a chunk that is never answered is given
// up for the beginning of the newest.
void Leader::send_chunk_again(Peer& peer, Effects& out) const {
  constexpr std::uint32_t kMostTries = 4;
  const Offer& sent = peer.transfer->snapshot;
  const bool newer = sent.last != snapshot_->last || sent.total != snapshot_->total;
  if (newer && peer.transfer->tries >= kMostTries) peer.transfer = Transfer{*snapshot_};
  send_chunk(peer, out);
}

void Leader::on_reply(NodeId from, const SnapshotReply& reply, const Log& log, Effects& out) {
  CHECK(reply.term == term_, reply.term, term_);
  Peer* const peer = find_peer(from);
  if (peer == nullptr || reply.last.index > log.last().index) return;
  peer->heard = now_;
  if (reply.installed) {
    // True however late the answer: it has all up to there. Of no use if our log begins later.
    if (!log.contains(reply.last)) return;
    peer->progress.on_installed(reply.last.index);
    peer->transfer.reset();
    return fill_window(*peer, log, out);
  }
  if (!peer->transfer || peer->transfer->snapshot.last != reply.last) return;
  // The answer to another chunk than the one that is on its way is late (hazard E14).
  if (peer->transfer->offset != reply.offset && !MUTANT(LateChunkAnswerCounts)) return;
  if (reply.next_offset > peer->transfer->snapshot.total) return;
  if (reply.next_offset == reply.offset) return;  // Sent again when it is due.
  peer->transfer->offset = reply.next_offset;
  peer->transfer->tries = 0;
  send_chunk(*peer, out);
}

std::optional<LogIndex> Leader::lowest_transfer(Whom whom) const {
  std::optional<LogIndex> lowest;
  for (const Peer& peer : peers_) {
    if (!peer.transfer || (whom == Whom::LatelyHeard && !was_lately_heard(peer))) continue;
    const LogIndex last = peer.transfer->snapshot.last.index;
    lowest = std::min(lowest.value_or(last), last);
  }
  return lowest;
}

void Leader::begin_transfer(NodeId to, const Log& log, Effects& out) {
  succession_ = Succession{to, now_ + config_->election_ticks_max, now_};
  hand_over(log, out);
}

std::optional<NodeId> Leader::successor() const {
  return succession_ ? std::optional(succession_->to) : std::nullopt;
}

// Once it has the whole log, it will win (hazard D25: not before). Requires: there is a successor.
void Leader::hand_over(const Log& log, Effects& out) {
  const bool has_all = progress(succession_->to).match() == log.last().index;
  if (!has_all && !MUTANT(TransferDoesNotWait)) return;
  succession_->due = now_ + config_->heartbeat_ticks;
  made_room_ = true;  // A question that voters answer though they hear us may come at any time.
  out.send_now.push_back({succession_->to, TimeoutNow{term_}});
}

}  // namespace raft
