// SPDX-License-Identifier: Apache-2.0
#include "journal/snapshots.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/check.h"
#include "journal/layout.h"
#include "mutant/mutant.h"

namespace journal {

namespace {

constexpr std::size_t kChunkBytes = std::size_t{128} * 1024;
// Behind a sync that is under way. A state machine whose snapshot is not all read has to keep what
// changes, so a snapshot of usual size is not held up.
constexpr std::uint64_t kMostUnsynced = std::uint64_t{8} << 20U;

// `size` bytes at `offset`; fewer if the file ends.
base::Result<std::string> read_some(io::File& file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  TRY(const std::size_t count, file.read(offset, std::span(bytes)));
  bytes.resize(count);
  return bytes;
}

}  // namespace

base::Result<SnapshotStore> SnapshotStore::open(io::Disk& disk, std::uint64_t cluster) {
  SnapshotStore store(disk, cluster);
  TRY([[maybe_unused]] const base::Done cleared, store.remove_all(kWritingSuffix, std::nullopt));
  TRY(const std::vector<std::string> names, disk.list());
  for (const std::string& name : names) {
    const std::optional<raft::EntryId> last = snapshot_id(name, kSnapshotSuffix);
    if (!last) continue;
    TRY([[maybe_unused]] const base::Done looked, store.look_at(name, *last));
  }
  return store;
}

void SnapshotStore::on_damaged(raft::EntryId last, std::uint64_t offset, base::ErrorCode why) {
  const std::string name = snapshot_name(last, kSnapshotSuffix);
  const bool known =
      std::ranges::any_of(findings_, [&](const Finding& finding) { return finding.file == name; });
  const bool damaged = why == base::ErrorCode::Corrupt;
  if (known) return;
  findings_.push_back(
      {name, offset, damaged ? "the snapshot is damaged" : "the snapshot cannot be read"});
}

// Names come in order of their index, so that the last good one is the newest.
base::Status SnapshotStore::look_at(const std::string& name, raft::EntryId last) {
  TRY(std::unique_ptr<io::File> file, disk_->open(name));
  base::Result<SnapshotReader> opened = SnapshotReader::open(name, std::move(file), cluster_, last);
  base::Status good = opened.ok() ? base::Status(base::Done{}) : opened.error();
  std::uint64_t at = 0;
  if (opened.ok()) {
    SnapshotReader reader = std::move(opened).value();
    good = reader.verify();
    at = reader.offset_;
    if (good.ok()) newest_ = reader.meta();
  }
  if (good.ok()) return base::Done{};
  if (good.error().code != base::ErrorCode::Corrupt) return good;
  findings_.push_back({name, at, "the snapshot is damaged"});
  return base::Done{};
}

std::optional<raft::LogIndex> SnapshotStore::damaged_through() const {
  std::optional<raft::LogIndex> through;
  for (const Finding& finding : findings_) {
    const raft::LogIndex last = snapshot_id(finding.file, kSnapshotSuffix)->index;
    if (!newest_ || last >= newest_->last.index) through = std::max(through, std::optional(last));
  }
  return through;
}

base::Result<SnapshotWriter> SnapshotStore::begin(const SnapshotMeta& meta) {
  TRY([[maybe_unused]] const base::Done cleared, remove_all(kWritingSuffix, std::nullopt));
  TRY(std::unique_ptr<io::File> file, disk_->create(snapshot_name(meta.last, kWritingSuffix)));
  SnapshotWriter writer(std::move(file), meta);
  const std::string header = encode_snapshot_header(cluster_, meta);
  writer.seed_ =
      decode_snapshot_header(std::string_view(header).substr(0, kSnapshotHeaderBytes))->checksum;
  TRY([[maybe_unused]] const base::Done written, writer.write(header, {}));
  return writer;
}

base::Result<SnapshotReader> SnapshotStore::read(raft::EntryId last) const {
  const std::string name = snapshot_name(last, kSnapshotSuffix);
  base::Result<std::unique_ptr<io::File>> file = disk_->open(name);
  if (!file.ok()) {
    base::Error error = std::move(file).error();
    const bool is_newest = newest_ && newest_->last == last;  // Nobody here removed it.
    if (is_newest && error.code == base::ErrorCode::NotFound) error.code = base::ErrorCode::Io;
    return error;
  }
  return SnapshotReader::open(name, std::move(file).value(), cluster_, last);
}

base::Result<SnapshotStage> SnapshotStore::stage(raft::EntryId last) {
  TRY([[maybe_unused]] const base::Done cleared, remove_all(kStagedSuffix, last));
  const std::string name = snapshot_name(last, kStagedSuffix);
  TRY(const std::vector<std::string> names, disk_->list());
  if (std::ranges::find(names, name) == names.end()) {
    TRY(std::unique_ptr<io::File> file, disk_->create(name));
    return SnapshotStage(*this, last, std::move(file));
  }
  // A crash may have left what was never written: go on after what can be verified.
  TRY(std::unique_ptr<io::File> file, disk_->open(name));
  base::Result<SnapshotReader> former = SnapshotReader::open(name, std::move(file), cluster_, last);
  TRY(file, disk_->open(name));
  SnapshotStage stage(*this, last, std::move(file));
  if (former.ok()) {
    stage.former_ = std::move(former).value();
  } else {
    TRY([[maybe_unused]] const base::Done cut, stage.file_->truncate(0));
  }
  return stage;
}

base::Status SnapshotStore::take(const std::string& name, const SnapshotMeta& meta) {
  TRY([[maybe_unused]] const base::Done named,
      disk_->rename(name, snapshot_name(meta.last, kSnapshotSuffix)));
  TRY([[maybe_unused]] const base::Done durable, disk_->sync_directory());
  on_named(meta);
  return base::Done{};
}

void SnapshotStore::on_named(const SnapshotMeta& meta) {
  std::erase_if(findings_, [&](const Finding& finding) {
    return finding.file == snapshot_name(meta.last, kSnapshotSuffix);
  });
  if (!newest_ || newest_->last.index <= meta.last.index) newest_ = meta;
}

base::Status SnapshotStore::remove_before(raft::EntryId last) {
  if (!newest_ || newest_->last != last) return base::Done{};
  TRY(const std::vector<std::string> names, disk_->list());
  for (const std::string& name : names) {
    const std::optional<raft::EntryId> id = snapshot_id(name, kSnapshotSuffix);
    if (!id || id->index >= last.index) continue;
    TRY([[maybe_unused]] const base::Done gone, disk_->remove_meanwhile(name));
    std::erase_if(findings_, [&](const Finding& finding) { return finding.file == name; });
  }
  return base::Done{};
}

base::Status SnapshotStore::remove_all(std::string_view suffix, std::optional<raft::EntryId> but) {
  TRY(const std::vector<std::string> names, disk_->list());
  for (const std::string& name : names) {
    const std::optional<raft::EntryId> id = snapshot_id(name, suffix);
    if (!id || id == but) continue;
    TRY([[maybe_unused]] const base::Done gone, disk_->remove(name));
  }
  return base::Done{};
}

base::Status SnapshotWriter::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t taken = std::min(bytes.size(), kChunkBytes - chunk_.size());
    chunk_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (chunk_.size() < kChunkBytes) break;
    TRY([[maybe_unused]] const base::Done written, write_chunk(chunk_));
    chunk_.clear();
  }
  return base::Done{};
}

base::Status SnapshotWriter::write_chunk(std::string_view data) {
  const std::string head =
      encode_chunk_header(static_cast<std::uint32_t>(end_.chunks), data, seed_);
  end_.chunks += 1;
  end_.data_bytes += data.size();
  end_.digest = add_to_digest(end_.digest, decode_chunk_header(head)->checksum);
  return write(head, data);
}

base::Status SnapshotWriter::write(std::string_view head, std::string_view data) {
  const std::array<std::string_view, 2> parts = {head, data};
  TRY([[maybe_unused]] const base::Done written, file_->write(offset_, parts));
  offset_ += head.size() + data.size();
  unsynced_ += head.size() + data.size();
  return base::Done{};
}

base::Result<bool> SnapshotWriter::settle() {
  if (syncing_ == 0 && unsynced_ < kSyncEvery) return true;
  TRY([[maybe_unused]] const bool synced, sync_some());
  return unsynced_ < kMostUnsynced;
}

// True: all that was written when this sync was begun is durable.
base::Result<bool> SnapshotWriter::sync_some() {
  if (syncing_ == 0) syncing_ = unsynced_;
  TRY(const bool synced, file_->sync_meanwhile());
  if (synced) unsynced_ -= std::exchange(syncing_, 0);
  return synced;
}

base::Status SnapshotWriter::write_end() {
  if (!chunk_.empty()) {
    TRY([[maybe_unused]] const base::Done written, write_chunk(chunk_));
  }
  return write(encode_snapshot_end(end_, seed_), {});
}

base::Result<bool> SnapshotWriter::advance(SnapshotStore& store) {
  if (left_ == Left::Pieces) {
    TRY([[maybe_unused]] const base::Done written, write_end());
    left_ = Left::Sync;
  }
  if (left_ == Left::Sync) {
    while (unsynced_ > 0 && !MUTANT(SnapshotIsNotSynced)) {
      TRY(const bool synced, sync_some());
      if (!synced) return false;
    }
    left_ = Left::Name;
  }
  if (left_ == Left::Name) {
    TRY([[maybe_unused]] const base::Done named,
        store.disk_->rename(snapshot_name(meta_.last, kWritingSuffix),
                            snapshot_name(meta_.last, kSnapshotSuffix)));
    left_ = Left::NameSync;
  }
  if (!MUTANT(SnapshotNameIsNotSynced)) {
    TRY(const bool durable, store.disk_->sync_directory_meanwhile());
    if (!durable) return false;
  }
  store.on_named(meta_);
  return true;
}

base::Status SnapshotWriter::finish(SnapshotStore& store) {
  TRY([[maybe_unused]] const base::Done written, write_end());
  TRY([[maybe_unused]] const base::Done synced, file_->sync());
  return store.take(snapshot_name(meta_.last, kWritingSuffix), meta_);
}

base::Result<SnapshotReader> SnapshotReader::open(std::string name, std::unique_ptr<io::File> file,
                                                  std::uint64_t cluster, raft::EntryId last) {
  TRY(const std::uint64_t size_bytes, file->size_bytes());
  SnapshotReader reader(std::move(name), std::move(file), size_bytes);
  if (size_bytes < kSnapshotHeaderBytes) return reader.corrupt("the header is not all there");
  TRY(const std::string head, read_some(*reader.file_, 0, kSnapshotHeaderBytes));
  if (head.size() < kSnapshotHeaderBytes) return reader.corrupt("the header is not all there");
  const std::optional<SnapshotHeader> decoded = decode_snapshot_header(head);
  if (!decoded) return reader.corrupt("the header is damaged");
  const SnapshotHeader& header = *decoded;
  TRY(const std::string whole,
      read_some(*reader.file_, 0, kSnapshotHeaderBytes + header.configuration_bytes));
  if (whole.size() != kSnapshotHeaderBytes + header.configuration_bytes ||
      !is_whole(whole, header) || header.last != last) {
    return reader.corrupt("the header is damaged");
  }
  if (header.version != kSnapshotVersion) {
    return base::Error{base::ErrorCode::InvalidArgument, reader.name_ + ": version " +
                                                             std::to_string(header.version) +
                                                             " of the format is not known here"};
  }
  if (header.cluster != cluster) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       reader.name_ + ": " + std::string(kOtherCluster)};
  }
  reader.meta_ = {header.last, whole.substr(kSnapshotHeaderBytes)};
  reader.seed_ = header.checksum;
  reader.offset_ = whole.size();
  return reader;
}

base::Result<std::string> SnapshotReader::read_raw(std::uint64_t offset, std::uint64_t max) const {
  if (offset >= size_bytes_) return std::string();
  return read_some(*file_, offset, static_cast<std::size_t>(std::min(max, size_bytes_ - offset)));
}

base::Status SnapshotReader::verify_through(std::uint64_t begin, std::uint64_t end) {
  while (!finished_ && begin <= offset_ && offset_ < end) {
    TRY([[maybe_unused]] const std::optional<std::string> piece, next_piece());
  }
  return base::Done{};
}

base::Result<std::optional<std::string>> SnapshotReader::next_piece() {
  if (finished_) return std::optional<std::string>();
  TRY(const std::string head, read_some(*file_, offset_, kSnapshotEndBytes));
  if (head.size() == kSnapshotEndBytes && begins_an_end(head)) {
    TRY([[maybe_unused]] const base::Done good, finish(head));
    return std::optional<std::string>();
  }
  if (head.size() < kChunkHeaderBytes) return corrupt("the end is missing");
  const std::string_view chunk_head = std::string_view(head).substr(0, kChunkHeaderBytes);
  const std::optional<ChunkHeader> header = decode_chunk_header(chunk_head);
  if (!header || header->number != end_.chunks) return corrupt("a chunk's header is damaged");
  TRY(std::string data, read_some(*file_, offset_ + kChunkHeaderBytes, header->bytes));
  const bool whole =
      data.size() == header->bytes && chunk_checksum(chunk_head, data, seed_) == header->checksum;
  if (!whole && !MUTANT(SnapshotChunksAreNotChecked)) return corrupt("a chunk is damaged");
  end_.chunks += 1;
  end_.data_bytes += data.size();
  end_.digest = add_to_digest(end_.digest, header->checksum);
  offset_ += kChunkHeaderBytes + data.size();
  return std::optional(std::move(data));
}

base::Status SnapshotReader::finish(std::string_view bytes) {
  const std::optional<SnapshotEnd> end = decode_snapshot_end(bytes, seed_);
  if (!end) return corrupt("the end is damaged");
  if (*end != end_) return corrupt("the end does not fit what comes before it");
  if (offset_ + kSnapshotEndBytes != size_bytes_) return corrupt("something lies behind the end");
  finished_ = true;
  offset_ = size_bytes_;
  return base::Done{};
}

base::Status SnapshotReader::verify() {
  while (!finished_) {
    TRY([[maybe_unused]] const std::optional<std::string> piece, next_piece());
  }
  return base::Done{};
}

base::Error SnapshotReader::corrupt(const std::string& what) const {
  return {base::ErrorCode::Corrupt, name_ + ": " + what + " at byte " + std::to_string(offset_)};
}

}  // namespace journal
