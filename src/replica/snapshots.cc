// SPDX-License-Identifier: Apache-2.0
#include "replica/snapshots.h"

#include <utility>

#include "journal/snapshot_layout.h"

namespace replica {
namespace {

std::string name_of(raft::EntryId last) {
  return journal::snapshot_name(last, journal::kSnapshotSuffix);
}

base::Error no_room(raft::EntryId last) {
  return {base::ErrorCode::InvalidArgument,
          name_of(last) + ": the state machine cannot take a snapshot"};
}

}  // namespace

base::Result<Snapshots> Snapshots::open(io::Disk& disk, std::uint64_t cluster) {
  TRY(journal::SnapshotStore store, journal::SnapshotStore::open(disk, cluster));
  Snapshots snapshots(std::move(store));
  TRY([[maybe_unused]] const base::Done seen, snapshots.look());
  snapshots.untidy_ = snapshots.newest_.has_value();
  return snapshots;
}

// At what the store has as its newest.
base::Status Snapshots::look() {
  const std::optional<journal::SnapshotMeta>& stored = store_.newest();
  if (!stored) return base::Done{};
  base::Result<raft::Configuration> configuration =
      raft::decode_configuration(stored->configuration);
  if (!configuration.ok()) {
    return base::Error{base::ErrorCode::Corrupt, name_of(stored->last) + ": the configuration: " +
                                                     configuration.error().message};
  }
  TRY(const journal::SnapshotReader reader, store_.read(stored->last));
  newest_ = Newest{{stored->last, std::move(configuration).value()}, reader.size_bytes()};
  return base::Done{};
}

base::Status Snapshots::restore(machine::StateMachine& machine) const {
  TRY(journal::SnapshotReader reader, store_.read(newest_->meta.last));
  const std::unique_ptr<machine::Restore> restore = machine.begin_restore();
  if (restore == nullptr) return no_room(newest_->meta.last);
  while (true) {
    TRY(const std::optional<std::string> piece, reader.next_piece());
    if (!piece) return restore->finish();
    TRY([[maybe_unused]] const base::Done taken, restore->add(*piece));
  }
}

base::Result<bool> Snapshots::begin(machine::StateMachine& machine,
                                    const raft::SnapshotMeta& meta) {
  CHECK(!writing_);
  std::unique_ptr<machine::Snapshot> state = machine.snapshot();
  if (state == nullptr) return false;
  TRY(journal::SnapshotWriter file, store_.begin({meta.last, raft::encode(meta.configuration)}));
  writing_.emplace(Writing{meta, std::move(state), std::move(file)});
  return true;
}

base::Result<bool> Snapshots::write_on(std::size_t about_bytes) {
  CHECK(writing_.has_value());
  if (!writing_->ended) {
    TRY(const bool ready, is_settled());
    if (!ready) return false;
    const std::string piece = writing_->state->next(about_bytes);
    if (!piece.empty()) {
      TRY([[maybe_unused]] const base::Done written, writing_->file.add(piece));
      TRY([[maybe_unused]] const bool settled, is_settled());
      return false;
    }
    writing_->ended = true;
    writing_->state.reset();
  }
  TRY(const bool durable, writing_->file.advance(store_));
  writing_->waits = !durable;
  if (!durable) return false;
  writing_.reset();
  readers_.clear();  // Perhaps of what this one takes the place of.
  TRY([[maybe_unused]] const base::Done seen, look());
  untidy_ = true;
  return true;
}

base::Result<bool> Snapshots::is_settled() {
  TRY(const bool settled, writing_->file.settle());
  writing_->waits = !settled;
  return settled;
}

base::Status Snapshots::abandon() {
  writing_.reset();
  return store_.abandon();
}

base::Result<std::optional<raft::SnapshotChunk>> Snapshots::fill(const raft::SendChunk& wanted) {
  base::Result<std::string> data = read_verified(wanted);
  if (data.ok()) {
    raft::SnapshotChunk chunk = wanted.chunk;
    chunk.data = std::make_shared<const std::string>(std::move(data).value());
    return std::optional(std::move(chunk));
  }
  const base::ErrorCode why = data.error().code;
  if (why == base::ErrorCode::Corrupt || why == base::ErrorCode::Io) {
    const auto reader = readers_.find(wanted.to);
    const std::uint64_t good = reader == readers_.end() ? 0 : reader->second.good_bytes();
    store_.on_damaged(wanted.chunk.last, good, why);
  }
  if (why == base::ErrorCode::Io) return data.error();
  return std::optional<raft::SnapshotChunk>();
}

base::Result<std::string> Snapshots::read_verified(const raft::SendChunk& wanted) {
  const raft::EntryId last = wanted.chunk.last;
  const std::uint64_t offset = wanted.chunk.offset;
  auto reader = readers_.find(wanted.to);
  // Who begins anew may have got what was damaged after it was read the last time.
  if (reader == readers_.end() || reader->second.meta().last != last || offset == 0) {
    readers_.erase(wanted.to);
    TRY(journal::SnapshotReader opened, store_.read(last));
    reader = readers_.emplace(wanted.to, std::move(opened)).first;
  }
  journal::SnapshotReader& file = reader->second;
  if (file.size_bytes() != wanted.chunk.total) {
    return base::Error{base::ErrorCode::NotFound, "the snapshot was taken again"};
  }
  TRY([[maybe_unused]] const base::Done good,
      file.verify_through(offset, offset + wanted.max_bytes));
  return file.read_raw(offset, wanted.max_bytes);
}

base::Status Snapshots::go_on_staging(raft::EntryId last) {
  if (!staging_ || staging_->last != last) {
    TRY(journal::SnapshotStage file, store_.stage(last));
    staging_.emplace(Staging{last, std::move(file)});
  }
  if (!staging_->file.is_resuming()) return base::Done{};
  base::Status resumed = staging_->file.resume();
  if (!resumed.ok()) staging_.reset();
  return resumed;
}

base::Result<raft::Staged> Snapshots::stage(const raft::SnapshotChunk& chunk) {
  TRY([[maybe_unused]] const base::Done begun, go_on_staging(chunk.last));
  // What is here already counts: the leader hears where to go on.
  raft::Staged staged{chunk.last, staging_->file.size_bytes(), std::nullopt};
  if (staging_->file.is_resuming() && staged.next_offset < chunk.total) return staged;
  if (staged.next_offset == chunk.offset && chunk.data != nullptr) {
    const base::Status kept = staging_->file.append(*chunk.data);
    // Of what was staged, nobody knows what is durable: what is left of it is written again.
    if (!kept.ok() && kept.error().code != base::ErrorCode::NoSpace) staging_.reset();
    if (!kept.ok()) return kept.error();
    staged.next_offset = staging_->file.size_bytes();
  }
  if (staged.next_offset < chunk.total) return staged;
  staged.next_offset = 0;  // Of two leaders, or damaged: then all of it comes again.
  base::Result<journal::SnapshotMeta> finished = staging_->file.finish(store_);
  staging_.reset();
  if (!finished.ok() && finished.error().code == base::ErrorCode::Corrupt) return staged;
  if (!finished.ok()) return finished.error();
  TRY([[maybe_unused]] const base::Done seen, look());
  untidy_ = true;
  base::Result<raft::Configuration> configuration =
      raft::decode_configuration(finished.value().configuration);
  if (!configuration.ok()) return staged;
  staged.next_offset = chunk.total;
  staged.complete = std::move(configuration).value();
  return staged;
}

base::Status Snapshots::tidy(std::optional<raft::LogIndex> oldest_in_use) {
  if (!untidy_ || !newest_) return base::Done{};
  if (oldest_in_use && *oldest_in_use < newest_->meta.last.index) return base::Done{};
  untidy_ = false;
  // An open file keeps its room.
  std::erase_if(readers_,
                [this](const auto& of) { return of.second.meta().last != newest_->meta.last; });
  return store_.remove_before(newest_->meta.last);
}

}  // namespace replica
