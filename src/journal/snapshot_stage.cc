// SPDX-License-Identifier: Apache-2.0
// A snapshot on its way in.
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "journal/snapshots.h"

namespace journal {
namespace {

// What lies there could not be looked at.
bool is_no_damage(const base::Error& error) {
  return error.code == base::ErrorCode::Io || error.code == base::ErrorCode::Unavailable;
}

// Some 50 ms of a disk and a processor.
constexpr std::uint64_t kResumeBytes = std::uint64_t{8} << 20U;

}  // namespace

base::Status SnapshotStage::resume() {
  const std::uint64_t enough = offset_ + kResumeBytes;
  while (former_ && offset_ < enough) {
    TRY([[maybe_unused]] const base::Done again, write_again(former_->offset_));
    const base::Result<std::optional<std::string>> piece = former_->next_piece();
    if (piece.ok() && piece.value()) continue;
    former_.reset();
    TRY([[maybe_unused]] const base::Done cut, file_->truncate(offset_));
  }
  return base::Done{};
}

base::Status SnapshotStage::append(std::string_view raw) {
  const std::array<std::string_view, 1> parts = {raw};
  TRY([[maybe_unused]] const base::Done written, file_->write(offset_, parts));
  offset_ += raw.size();
  unsynced_ += raw.size();
  if (unsynced_ < kSyncEvery) return base::Done{};
  unsynced_ = 0;
  // Before it is read, so that what is verified is what is durable.
  TRY([[maybe_unused]] const base::Done synced, sync());
  return walk_on();
}

// After a sync that failed, the cache may hold what the disk does not, and a later sync would not
// write it: whoever synced here before may have been told so (hazard F16). It is verified again as
// it becomes durable, for it may have left the cache since it was verified.
base::Status SnapshotStage::write_again(std::uint64_t size_bytes) {
  while (offset_ < size_bytes) {
    std::string piece(std::min(kSyncEvery, size_bytes - offset_), '\0');
    TRY(const std::size_t count, file_->read(offset_, std::span(piece)));
    piece.resize(count);
    if (piece.empty()) {
      return base::Error{base::ErrorCode::Io, snapshot_name(last_, kStagedSuffix) +
                                                  ": the file became shorter while it was read"};
    }
    TRY([[maybe_unused]] const base::Done written, append(piece));
  }
  return base::Done{};
}

// That the disk is full comes too late here: what was written before may be lost.
base::Status SnapshotStage::sync() {
  base::Status synced = file_->sync();
  if (synced.ok()) return synced;
  return base::Error{base::ErrorCode::Io, std::move(synced).error().message};
}

base::Status SnapshotStage::begin_walk() {
  const std::string name = snapshot_name(last_, kStagedSuffix);
  TRY(std::unique_ptr<io::File> file, disk_->open(name));
  TRY(walk_, SnapshotReader::open(name, std::move(file), cluster_, last_));
  return base::Done{};
}

// All is durable. Verifies the chunks that are there as a whole, however long they are. What is
// found to be wrong is told by finish().
base::Status SnapshotStage::walk_on() {
  constexpr std::uint64_t kMostOfHeader = kSnapshotHeaderBytes + kMaxConfiguration;
  constexpr std::uint64_t kMostOfChunk = kChunkHeaderBytes + kMaxChunk;
  base::Status good = base::Done{};
  if (!walk_ && !damage_ && offset_ >= kMostOfHeader) good = begin_walk();
  while (good.ok() && walk_ && !damage_ && offset_ - walk_->offset_ >= kMostOfChunk) {
    walk_->size_bytes_ = offset_;
    const base::Result<std::optional<std::string>> piece = walk_->next_piece();
    if (!piece.ok()) good = piece.error();
    if (piece.ok() && !piece.value()) break;  // The end.
  }
  if (good.ok() || is_no_damage(good.error())) return good;
  damage_ = good.error();
  return base::Done{};
}

base::Result<SnapshotMeta> SnapshotStage::finish(SnapshotStore& store) {
  TRY([[maybe_unused]] const base::Done synced, sync());
  base::Status good = base::Done{};
  if (damage_) good = *damage_;
  if (good.ok() && !walk_) good = begin_walk();
  if (good.ok()) {
    walk_->size_bytes_ = offset_;
    good = walk_->verify();
  }
  const std::string name = snapshot_name(last_, kStagedSuffix);
  // All of it is there for the next one that tries.
  if (!good.ok() && good.error().code == base::ErrorCode::Unavailable) return good.error();
  if (!good.ok()) {
    TRY([[maybe_unused]] const base::Done gone, store.disk_->remove(name));
    return good.error();
  }
  const SnapshotMeta meta = walk_->meta();
  TRY([[maybe_unused]] const base::Done taken, store.take(name, meta));
  return meta;
}

}  // namespace journal
