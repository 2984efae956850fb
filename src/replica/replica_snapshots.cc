// SPDX-License-Identifier: Apache-2.0
// A Replica's snapshots and other work that can wait: pieces of it, at the end of turns.
#include <algorithm>
#include <utility>

#include "mutant/mutant.h"
#include "replica/replica.h"

namespace replica {

void Replica::take_snapshot(RequestId id) {
  if (waiting() >= config_.max_waiting) {
    outlet_.answer(id, NotDone{NotDone::Reason::Overloaded});
    return;
  }
  snapshot_requests_.push_back(id);
}

// The state is replaced at once; what is applied next follows it. The snapshot is durable already,
// so a crash before the journal knows of it does no harm.
void Replica::install(const raft::SnapshotMeta& meta) {
  apply_committed();
  if (meta.last.index <= applied_) return;  // It was restored when this server started.
  snapshots_.stop_writing();
  CHECK(snapshots_.newest() && snapshots_.newest()->meta.last == meta.last, meta.last.index);
  const base::Status restored = snapshots_.restore(machine_);
  if (!restored.ok()) {
    failure_ = restored.error();
    return;
  }
  applied_ = meta.last.index;
  bytes_since_snapshot_ = 0;
  outlet_.installed(meta);
}

void Replica::send_chunks(const std::vector<raft::SendChunk>& wanted) {
  for (const raft::SendChunk& chunk : wanted) {
    const std::size_t known = snapshots_.findings().size();
    const base::Result<std::optional<raft::SnapshotChunk>> filled = snapshots_.fill(chunk);
    if (!filled.ok()) {
      snapshot_failure_ = filled.error();
    } else if (filled.value()) {
      outlet_.send({chunk.to, *filled.value()});
    }
    if (snapshots_.findings().size() > known) findings_.push_back(snapshots_.findings().back());
  }
}

void Replica::stage(const raft::SnapshotChunk& chunk) {
  base::Result<raft::Staged> staged = snapshots_.stage(chunk);
  if (staged.ok()) return step(staged.value());
  snapshot_failure_ = staged.error();
  step(raft::Staged{chunk.last, chunk.offset, std::nullopt});  // The leader will try again.
}

bool Replica::is_snapshot_due() const {
  if (snapshots_.is_writing() || applied_ == raft::LogIndex()) return false;
  // Damage is repaired without being asked, also of what was good when it was written.
  const std::optional<raft::LogIndex> damaged = snapshots_.damaged_through();
  const bool covered_all = snapshots_.newest() && applied_ <= snapshots_.newest()->meta.last.index;
  if (covered_all && damaged != snapshots_.newest()->meta.last.index) return false;
  if (!snapshot_requests_.empty()) return true;
  if (damaged && *damaged <= applied_ && applied_ >= retry_from_) return true;
  const SnapshotPolicy& policy = config_.snapshots;
  const std::optional<Snapshots::Newest>& newest = snapshots_.newest();
  const raft::LogIndex covered = newest ? newest->meta.last.index : raft::LogIndex();
  const bool long_log = policy.log_entries != 0 && applied_ >= retry_from_ &&
                        applied_.since(covered) >= policy.log_entries;
  return long_log || (policy.log_bytes != 0 && bytes_since_snapshot_ >= due_bytes());
}

std::uint64_t Replica::due_bytes() const {
  const std::uint64_t last = snapshots_.newest() ? snapshots_.newest()->total : 0;
  return std::max(config_.snapshots.log_bytes, last);
}

void Replica::begin_snapshot() {
  const raft::SnapshotMeta meta{*node_.log().find_id(applied_), node_.configuration_at(applied_)};
  // Who joins may have applied entries from before its joining: it does not know the cluster yet.
  if (meta.configuration.empty()) return fail_snapshot_requests();
  bytes_since_snapshot_ = 0;
  // A disk that gives nothing back as it got it is not written to without end.
  if (snapshots_.damaged_through()) retry_from_ = later();
  const base::Result<bool> begun = snapshots_.begin(machine_, meta);
  if (!begun.ok()) return fail_snapshot(begun.error());
  if (!begun.value()) fail_snapshot_requests();
}

void Replica::write_snapshot() {
  const base::Result<bool> finished = snapshots_.write_on(config_.snapshots.piece_bytes);
  if (!finished.ok()) return fail_snapshot(finished.error());
  if (!finished.value()) return;
  snapshot_failure_.reset();
  const Snapshots::Newest& newest = *snapshots_.newest();
  const SnapshotPolicy& policy = config_.snapshots;
  step(raft::SnapshotTaken{newest.meta, newest.total, policy.keep_entries, policy.keep_bytes});
  for (const RequestId id : std::exchange(snapshot_requests_, {})) outlet_.answer(id, Done{});
}

raft::LogIndex Replica::later() const {
  return applied_.plus(std::max<std::uint64_t>(16, config_.snapshots.log_entries / 8));
}

// The log is as good as before; it is only longer. Tried again when it is a little longer still.
void Replica::fail_snapshot(const base::Error& error) {
  (void)snapshots_.abandon();  // At the latest the next one removes it.
  snapshot_failure_ = error;
  bytes_since_snapshot_ = due_bytes() - due_bytes() / 8;
  retry_from_ = later();
  fail_snapshot_requests();
}

void Replica::fail_snapshot_requests() {
  for (const RequestId id : std::exchange(snapshot_requests_, {})) {
    outlet_.answer(id, NotDone{NotDone::Reason::Failed});
  }
}

base::Status Replica::tend() {
  if (applied_ == raft::LogIndex()) fail_snapshot_requests();  // There is nothing to be written.
  if (is_snapshot_due()) begin_snapshot();
  if (snapshots_.is_writing()) write_snapshot();
  const bool nothing_new = !snapshots_.is_writing() && snapshots_.newest() &&
                           applied_ <= snapshots_.newest()->meta.last.index;
  if (nothing_new) {  // What is asked for is there.
    for (const RequestId id : std::exchange(snapshot_requests_, {})) outlet_.answer(id, Done{});
  }
  if (!std::exchange(must_tend_, false)) return base::Done{};
  const base::Status tidied = snapshots_.tidy(node_.oldest_snapshot_in_use());
  if (!tidied.ok()) snapshot_failure_ = tidied.error();
  TRY([[maybe_unused]] const bool more, journal_.tend());
  return base::Done{};
}

}  // namespace replica
