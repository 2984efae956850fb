// SPDX-License-Identifier: Apache-2.0
// Snapshots that the owner took, and those that a leader sends: Raft §7.
//
//   chunk -> Effects::stage -> owner writes -> Staged -> next chunk ... -> complete -> install
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "mutant/mutant.h"
#include "raft/node.h"

namespace raft {

// The owner says that the snapshot is durable; only then may entries go (hazard E4).
void Node::on(const SnapshotTaken& taken, Effects& out) {
  const LogIndex last = taken.snapshot.last.index;
  Leader* const leadership = find_own_leadership();
  if (snapshot_ && last <= snapshot_->last.index) {  // A newer one is here (hazard E18),
    if (taken.snapshot.last != snapshot_->last) return;
    snapshot_total_ = taken.total;  // or its file was damaged, and there is another.
    if (leadership != nullptr) leadership->offer(Leader::Offer{taken.snapshot.last, taken.total});
    return;
  }
  CHECK(last <= log_.commit(), last, log_.commit());
  CHECK(log_.contains(taken.snapshot.last), last);
  CHECK(taken.snapshot.configuration == configuration_at(last), last);  // Hazard C15.
  snapshot_ = std::make_shared<const SnapshotMeta>(taken.snapshot);
  snapshot_total_ = taken.total;

  const LogIndex covered = std::max(log_.base().index, std::min(last, log_.persisted()));
  LogIndex through = log_.before_last(covered, taken.keep_entries, taken.keep_bytes);
  if (leadership != nullptr) {
    leadership->offer(Leader::Offer{taken.snapshot.last, taken.total});
    // Who does not answer may never: it would hold the log for nothing, and can begin again.
    const std::optional<LogIndex> needed = leadership->lowest_transfer(Leader::Whom::LatelyHeard);
    if (needed && log_.bytes() <= config_->max_kept_bytes) through = std::min(through, *needed);
  }
  if (through <= log_.base().index) return;
  log_.compact_later(through);
  out.drop_through = through;
}

std::optional<LogIndex> Node::oldest_snapshot_in_use() const {
  const Leader* leadership = find_leadership();
  std::optional<LogIndex> oldest =
      leadership == nullptr ? std::nullopt : leadership->lowest_transfer(Leader::Whom::All);
  if (snapshot_) oldest = std::min(oldest.value_or(snapshot_->last.index), snapshot_->last.index);
  return oldest;
}

void Node::on(NodeId from, const SnapshotChunk& chunk, Effects& out) {
  if (chunk.end() < chunk.offset || chunk.end() > chunk.total) return;
  if (chunk.last.index == LogIndex() || chunk.last.term > chunk.term) return;
  if (chunk.term < term()) {
    promise(hard_state_step_,
            {from, SnapshotReply{term(), chunk.last, chunk.offset, chunk.offset, false}}, out);
    return;
  }
  follow(from, out);
  // What is committed here is not installed over (hazard E1); the leader has the same up to there.
  if (chunk.last.index <= log_.commit()) return reply_installed(from, chunk.last, out);

  // Another snapshot begins anew. Bytes of two leaders' snapshots of the same index may differ; the
  // owner finds that out by the digest, and then all of it comes again from one (hazard E14).
  const bool goes_on = staging_ && staging_->last == chunk.last && staging_->total == chunk.total;
  if (!goes_on) {
    if (staging_ && staging_->busy) return;  // One thing after the other; the leader asks again.
    staging_ = Staging{chunk.last, chunk.total, 0, {}};
  }
  if (staging_->busy) return;
  if (chunk.offset != staging_->next_offset && !MUTANT(ChunksGoAnywhere)) {
    return reply_to_chunk(chunk.last, chunk.offset, staging_->next_offset, out);
  }
  staging_->busy = chunk.offset;
  out.stage = chunk;
}

void Node::on(const Staged& staged, Effects& out) {
  if (!staging_ || staging_->last != staged.last || !staging_->busy) return;
  if (staged.next_offset > staging_->total) return staging_.reset();  // Of another one, then.
  const std::uint64_t offset = *std::exchange(staging_->busy, std::nullopt);
  staging_->next_offset = staged.next_offset;
  if (!staged.complete) return reply_to_chunk(staged.last, offset, staged.next_offset, out);

  const std::uint64_t total = staging_->total;
  staging_.reset();
  // Whoever stands for election has said what its log is, and a leader never cuts its own.
  if (role() != Role::Follower) return;
  if (staged.last.index > log_.commit() && staged.last.term <= term()) {
    install({staged.last, *staged.complete}, total, out);
  }
  if (leader_) reply_installed(*leader_, staged.last, out);
}

// The log may go on behind the snapshot, if it has the snapshot's last entry; else nothing in it is
// known to be the cluster's (Raft Figure 13; hazards E2, E9).
void Node::install(const SnapshotMeta& snapshot, std::uint64_t total, Effects& out) {
  const StepNumber step = open_record(out);
  out.install = Install{snapshot, log_.install(snapshot.last, step)};

  Membership next(snapshot.configuration, snapshot.last.index);
  for (LogIndex i = snapshot.last.index.next(); i <= log_.last().index; i = i.next()) {
    const Entry& entry = log_.at(i);
    if (entry.kind != EntryKind::Configuration) continue;
    next.append(i, decode_configuration(*entry.payload).value());
  }
  membership_ = std::move(next);
  snapshot_ = std::make_shared<const SnapshotMeta>(snapshot);
  snapshot_total_ = total;
  look_at_floor();
  answer_asked_reads(out);
}

void Node::reply_to_chunk(EntryId last, std::uint64_t offset, std::uint64_t next,
                          Effects& out) const {
  if (role() != Role::Follower || !leader_) return;
  // No word of a term that is not on disk (hazard F4).
  promise(MUTANT(ChunkIsAnsweredBeforeTheSync) ? durable_step_ : hard_state_step_,
          {*leader_, SnapshotReply{term(), last, offset, next, false}}, out);
}

void Node::reply_installed(NodeId leader, EntryId last, Effects& out) const {
  // An acknowledgement like any other: not before it is on disk (hazard E7).
  const StepNumber needs = MUTANT(SnapshotIsAcknowledgedEarly)
                               ? durable_step_
                               : std::max(hard_state_step_, log_.step_of(last.index));
  promise(needs, {leader, SnapshotReply{term(), last, 0, 0, true}}, out);
}

void Node::on(NodeId from, const SnapshotReply& reply, Effects& out) {
  Leader* leadership = find_own_leadership();
  if (leadership == nullptr || reply.term != term()) return;
  leadership->on_reply(from, reply, log_, out);
  advance(*leadership, out);
}

}  // namespace raft
