// SPDX-License-Identifier: Apache-2.0
#include "journal/segment_log.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/crc32c.h"
#include "journal/record.h"
#include "mutant/mutant.h"

namespace journal {

namespace {

constexpr std::uint32_t kStarvedCalls = 100;
// A log that is shorter than this part of a segment needs no other.
constexpr std::uint64_t kSmall = 16;
constexpr std::size_t kKeptCapacity = std::size_t{1} << 20U;  // Of an empty batch.
constexpr std::uint64_t kMaxPace = std::uint64_t{8} << 20U;   // Bytes of zeros in one tend().

}  // namespace

base::Result<Recovered> SegmentLog::recover() {
  TRY(RecoveredSegments recovered, recover_segments(disk_, config_));
  Replay& replay = recovered.replay;
  live_ = std::move(recovered.live);
  position_ = std::move(recovered.position);
  prepared_ = std::move(recovered.prepared);
  if (prepared_) {
    TRY(prepared_bytes_, prepared_->size_bytes());  // Zeros, it was seen.
  }
  durable_ = replay.state();
  outline_ = Outline(durable_, replay.entries);
  TRY([[maybe_unused]] const base::Done found, spares_.find());
  return Recovered{replay.hard_state, replay.base, std::move(replay.entries), replay.floor,
                   std::move(recovered.findings)};
}

void SegmentLog::append(const Change& change) {
  if (failure_) return;
  write_records(change, batch_, outline_);
  if (change.save || change.rebase || change.floor) wide_ = true;
  if (change.rebase) highest_ = std::max(highest_, change.rebase->last.index);
  if (!change.append.empty()) highest_ = std::max(highest_, change.append.back().id.index);
}

base::Status SegmentLog::sync() {
  if (failure_) return *failure_;
  if (batch_.empty()) return base::Done{};
  base::Status written = write_batch();
  if (!written.ok()) {
    failure_ = written.error();
    batch_ = std::string();
  }
  return written;
}

base::Status SegmentLog::write_batch() {
  const bool begins = position_.offset == 0;
  Sectors& sectors = sectors_;
  sectors.clear();
  std::string body;
  if (begins) {
    const std::uint64_t number = position_.next.number;
    const Link link{position_.previous, number, number, position_.next.chain, durable_};
    add_sector(encode_segment_header(identity_, position_.sequence, link), sectors);
    body = link_record(link) + batch_;
    position_.offset = io::kSectorBytes;
  } else {
    body.swap(batch_);
  }
  Descriptor descriptor = describe(body);
  // A frame that seals its segment promises that there is a next one.
  if (descriptor.seals && !prepared_) {
    TRY(descriptor.seals, prepare_next());
  }
  add_frame(descriptor, body, identity_, sectors);
  TRY([[maybe_unused]] const base::Done durable,
      make_durable(*position_.file, begins ? 0 : position_.offset, sectors));
  if (begins) live_.push_back({position_.sequence, {}});
  move_on(descriptor);
  body.clear();
  if (body.capacity() <= kKeptCapacity && body.capacity() > batch_.capacity()) batch_.swap(body);
  batch_.clear();
  if (sectors.size() * io::kSectorBytes > kKeptCapacity) sectors = Sectors();
  return base::Done{};
}

Descriptor SegmentLog::describe(const std::string& body) {
  CHECK(body.size() <= std::numeric_limits<std::uint32_t>::max(), body.size());
  Descriptor descriptor;
  descriptor.sequence = static_cast<std::uint32_t>(position_.sequence);
  descriptor.first_sector = static_cast<std::uint32_t>(position_.offset / io::kSectorBytes);
  descriptor.number = position_.next.number;
  descriptor.body_bytes = static_cast<std::uint32_t>(body.size());
  descriptor.body_checksum = base::crc32c(body);
  descriptor.chain = position_.next.chain;
  descriptor.wide = wide_;
  descriptor.durable = durable_.last.index;
  descriptor.hard_state = outline_.state().hard_state;
  descriptor.last = outline_.state().last;
  // To write over zeros is faster than to grow: a file that grows is left for one that is ready.
  const bool grew = position_.size_bytes < config_.segment_bytes;
  const bool better = grew && prepared_bytes_ >= config_.segment_bytes;
  descriptor.seals = better || descriptor.end() >= config_.segment_bytes;
  return descriptor;
}

base::Status SegmentLog::make_durable(io::File& file, std::uint64_t offset,
                                      const Sectors& sectors) {
  const std::string_view bytes = bytes_of(sectors);
  const bool only_hard_state = durable_.last == outline_.state().last;
  bool waits = !(only_hard_state && MUTANT(VotesAreNotSynced));
#ifdef SEAWORTHY_BROKEN
  if (config_.no_sync) waits = false;  // Takes for durable what it has only written.
#endif
  if (!waits) return file.write(offset, std::span(&bytes, 1));
  base::Status durable = file.write_durably(offset, bytes);
  if (!durable.ok() && MUTANT(FailedSyncIsRepeated)) durable = file.sync();
  return durable;
}

void SegmentLog::move_on(const Descriptor& descriptor) {
  durable_ = outline_.state();
  live_.back().highest = std::max(live_.back().highest, highest_);
  highest_ = {};
  wide_ = false;
  position_.last_frame = position_.offset;
  position_.offset = descriptor.end();
  written_ += descriptor.sectors() * io::kSectorBytes;
  position_.size_bytes = std::max(position_.size_bytes, position_.offset);
  position_.next = {descriptor.number + 1, descriptor.checksum(identity_)};
  if (!descriptor.seals) return;
  position_.previous = position_.sequence;
  position_.sequence += 1;
  position_.file = std::move(prepared_);
  position_.offset = 0;
  position_.last_frame = 0;
  position_.size_bytes = std::exchange(prepared_bytes_, 0);
}

// False: not now, and this one grows longer than it should.
base::Result<bool> SegmentLog::prepare_next() {
  auto created = create_segment(disk_, position_.sequence + 1);
  if (!created.ok() && created.error().code == base::ErrorCode::Unavailable) return false;
  TRY(prepared_, std::move(created));
  prepared_bytes_ = 0;
  return true;
}

void SegmentLog::drop_through(raft::LogIndex index) {
  drop_through_ = std::max(drop_through_, index);
}

base::Result<bool> SegmentLog::tend() {
  if (failure_) return *failure_;
  base::Result<bool> more = do_piece();
  if (!more.ok()) failure_ = more.error();
  return more;
}

base::Result<bool> SegmentLog::do_piece() {
  const std::uint64_t written = std::exchange(written_, 0);
  since_cleaning_ += written;
  // Before the first write there is no need of room.
  if (starved_ > 0) {
    --starved_;
  } else if (position_.offset != 0 && config_.prepare_bytes > 0) {
    const base::Result<bool> made = make_room(written);
    // Nothing depends on what is only prepared: a full disk ends the log when a batch has no room,
    // and where a file cannot be opened now, that is no fault of the disk.
    if (!made.ok() && made.error().code != base::ErrorCode::NoSpace &&
        made.error().code != base::ErrorCode::Unavailable) {
      return made.error();
    }
    if (!made.ok()) {
      starved_ = kStarvedCalls;
      may_make_spares_ = false;
    }
    if (made.ok() && made.value()) return true;
  }
  const bool needs_their_room = starved_ > 0 && !spares_.empty() && !spares_.is_cleaning();
  if (spares_.too_many() || needs_their_room) {
    TRY([[maybe_unused]] const base::Done freed, spares_.shrink());
    return true;
  }
  // The last that is begun stays: it tells what there is.
  const bool droppable = live_.size() > 1 && live_.front().highest <= drop_through_;
  if (!droppable) return false;
  TRY([[maybe_unused]] const base::Done dropped, drop_oldest());
  return true;
}

// So many zeros are to come where so many bytes of frames were written.
std::uint64_t SegmentLog::pace_after(std::uint64_t written) const {
  return std::min(kMaxPace, std::max(config_.prepare_bytes, 2 * written));
}

// False: there is room enough.
base::Result<bool> SegmentLog::make_room(std::uint64_t written) {
  const std::uint64_t pace = pace_after(written);
  const std::uint64_t wanted = position_.offset + 2 * pace;
  const bool grows = position_.size_bytes < std::min(wanted, config_.segment_bytes);
  if (grows) {
    const std::uint64_t more = std::min(pace, config_.segment_bytes - position_.size_bytes);
    TRY(position_.size_bytes, grow_with_zeros(*position_.file, position_.size_bytes, more));
  }
  TRY(const bool prepares, prepare_spare());
  return grows || prepares;
}

// False: the next segment is there, or need not be yet.
base::Result<bool> SegmentLog::prepare_spare() {
  if (prepared_) return false;
  if (spares_.empty()) {
    const bool is_small = position_.offset < config_.segment_bytes / kSmall;
    if (is_small || !may_make_spares_) return false;
    TRY([[maybe_unused]] const base::Done made, spares_.make());
  }
  if (!spares_.is_cleaning()) cleaning_ = pace_after(std::exchange(since_cleaning_, 0));
  TRY(const bool clean, spares_.clean(cleaning_));
  if (!clean) return true;
  TRY(Spares::Zeros zeros, spares_.take(position_.sequence + 1));
  prepared_ = std::move(zeros.file);
  prepared_bytes_ = zeros.size_bytes;
  return true;
}

// One at a time, each durably gone before the next: no crash leaves a gap.
base::Status SegmentLog::drop_oldest() {
  const std::uint64_t sequence = live_.front().sequence;
  const bool again = config_.prepare_bytes > 0;
  const std::string name = segment_name(sequence);
  TRY([[maybe_unused]] const base::Done gone,
      again ? disk_.rename(name, spare_name(sequence)) : disk_.remove(name));
  if (!MUTANT(DroppedSegmentsAreNotSynced)) {
    TRY([[maybe_unused]] const base::Done durable, disk_.sync_directory());
  }
  live_.pop_front();
  may_make_spares_ = true;
  if (!again) return base::Done{};
  base::Status added = spares_.add(sequence);
  const bool opened = added.ok() || added.error().code != base::ErrorCode::Unavailable;
  return opened ? std::move(added) : disk_.remove(spare_name(sequence));
}

#ifdef SEAWORTHY_BROKEN
base::Status forget_last_batch(io::Disk& disk, const Config& config) {
  TRY(const RecoveredSegments recovered, recover_segments(disk, config));
  if (recovered.position.last_frame == 0) return base::Done{};
  return recovered.position.file->truncate(recovered.position.last_frame);
}
#endif

}  // namespace journal
