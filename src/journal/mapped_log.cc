// SPDX-License-Identifier: Apache-2.0
#include "journal/mapped_log.h"

#include <algorithm>
#include <array>
#include <bit>
#include <bitset>
#include <limits>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "mutant/mutant.h"

namespace journal {

namespace {

constexpr std::string_view kMagic = "SWMAPPED";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kChecksumAt = 8;
constexpr std::size_t kChecked = 12;
constexpr std::uint64_t kSlots = 4;
constexpr std::uint64_t kBegin = 4096;  // Of the first batch; before it lie the slots.

constexpr std::uint32_t kBatchMagic = 0x48435442;  // "BTCH"
constexpr std::size_t kBatchHeaderBytes = 16;

constexpr std::uint64_t kMovedAtOnce = std::uint64_t{256} * 1024;

std::string batch_header(std::string_view body, std::uint32_t chain) {
  std::string out;
  base::ByteWriter writer(out);
  writer.u32(kBatchMagic);
  writer.u32(0);  // The checksum: see below.
  writer.u32(static_cast<std::uint32_t>(body.size()));
  writer.u32(chain);
  writer.set_u32(4, base::crc32c(body, base::crc32c(std::string_view(out).substr(8))));
  return out;
}

// Whether the pair that begins with slot `pair` was written before number `newest`: number 1 is in
// the second one, 2 in the first, 3 over 1. One slot of a pair may never have got to the disk, when
// the power went in the first of the starts.
bool must_have_been(std::uint64_t pair, std::uint64_t newest) {
  return newest >= (pair == 0 ? 3 : 2);
}

// Of the pair that begins with slot `pair` nothing is good, and something was there.
bool is_lost(const std::array<bool, kSlots>& bad, const std::array<bool, kSlots>& empty,
             std::size_t pair) {
  return (bad[pair] || bad[pair + 1]) && (bad[pair] || empty[pair]) &&
         (bad[pair + 1] || empty[pair + 1]);
}

// Whether only numbers 1 and 2 can ever have been there, which the first start writes before it
// promises anything; the file grows with the first promise, and 2 is not begun before 1 is durable.
bool is_new(std::uint64_t size, std::uint64_t newest, const std::array<bool, kSlots>& empty) {
  return size <= kBegin && (newest == 1 || (newest == 0 && empty[0] && empty[1]));
}

// Or is one bit away from it.
bool begins_with_magic(std::string_view sector) {
  const std::uint64_t other = base::ByteReader(sector).u64() ^ base::ByteReader(kMagic).u64();
  return std::popcount(other) <= 1;
}

std::uint64_t set_bits(std::string_view bytes) {
  std::uint64_t count = 0;
  for (const char each : bytes) count += std::bitset<8>(static_cast<unsigned char>(each)).count();
  return count;
}

std::uint32_t checksum_of(std::string_view header) {
  return base::ByteReader(header.substr(4)).u32();
}

}  // namespace

std::string encode_slot(const Slot& slot, const Identity& identity) {
  std::string out;
  base::ByteWriter writer(out);
  writer.bytes(kMagic);
  writer.u32(0);  // The checksum: see below.
  writer.u32(kVersion);
  writer.u64(identity.cluster);
  writer.u32(identity.node.value);
  writer.u32(0);
  writer.u64(slot.number);
  writer.u64(slot.begin);
  writer.u64(slot.end);
  writer.u32(slot.first_chain);
  writer.u32(slot.chain);
  writer.u64(slot.first.term.value());
  writer.u64(slot.first.index.value());
  encode(slot.state, out);
  writer.fill(io::kSectorBytes - out.size(), '\0');
  writer.set_u32(kChecksumAt, base::crc32c(std::string_view(out).substr(kChecked)));
  return out;
}

base::Result<Slot> decode_slot(std::string_view bytes, const Identity& identity) {
  const base::Error damaged{base::ErrorCode::Corrupt, "a slot is damaged"};
  base::ByteReader in(bytes);
  if (in.bytes(kMagic.size()) != kMagic || in.u32() != base::crc32c(bytes.substr(kChecked))) {
    return damaged;
  }
  TRY([[maybe_unused]] const base::Done ours, check_identity(in, kVersion, identity));
  Slot slot;
  slot.number = in.u64();
  slot.begin = in.u64();
  slot.end = in.u64();
  slot.first_chain = in.u32();
  slot.chain = in.u32();
  slot.first.term = raft::Term(in.u64());
  slot.first.index = raft::LogIndex(in.u64());
  const std::optional<State> state = decode_state(in.bytes(kStateBytes));
  if (!state || slot.begin < kBegin || slot.end < slot.begin || slot.number > kMaxPosition ||
      slot.first.index.value() > kMaxPosition || slot.first.term.value() > kMaxPosition) {
    return damaged;
  }
  slot.state = *state;
  return slot;
}

base::Result<Recovered> MappedLog::recover() {
  TRY(file_, disk_.map(kName));
  Recovered found;
  slot_ = {};
  slot_.begin = slot_.end = kBegin;
  if (file_->size_bytes() > 0) {
    TRY([[maybe_unused]] const base::Done read, read_slots(found));
  }
  if (file_->size_bytes() < kBegin) {
    TRY([[maybe_unused]] const base::Done grown, file_->grow(kBegin));
  }
  Replay replay;
  TRY([[maybe_unused]] const base::Done played, play_batches(replay, found));
  if (reason_of(kUnknownFloor, found.findings) != nullptr) replay.floor = kUnknownFloor;
  slot_.state = replay.state();
  // Twice, so that both pairs are as they should be, and nothing of them is damaged any more.
  TRY([[maybe_unused]] const base::Done once, write_slot(slot_));
  TRY([[maybe_unused]] const base::Done twice, write_slot(slot_));
  TRY([[maybe_unused]] const base::Done named, disk_.sync_directory());
  outline_ = Outline(slot_.state, replay.entries);
  found.hard_state = replay.hard_state;
  found.base = replay.base;
  found.entries = std::move(replay.entries);
  found.floor = replay.floor;
  return found;
}

// Zeros where the file has ended.
base::Result<std::string> MappedLog::load_sector(std::uint64_t offset) {
  std::string sector(io::kSectorBytes, '\0');
  const std::uint64_t end = std::min(offset + io::kSectorBytes, file_->size_bytes());
  if (offset >= end) return sector;
  TRY([[maybe_unused]] const base::Done loaded,
      file_->load(offset, std::span(sector).first(end - offset)));
  return sector;
}

// What is not a log stays as it is. Where a crash has left nothing but zeros, it is one; a bit of
// either may have turned.
base::Status MappedLog::expect_a_log(std::span<const std::string> slots) {
  std::uint64_t bits = 0;
  for (const std::string& slot : slots) {
    if (begins_with_magic(slot)) return base::Done{};
    bits += set_bits(slot);
  }
  for (std::uint64_t at = kSlots * io::kSectorBytes; at < kBegin; at += io::kSectorBytes) {
    TRY(const std::string sector, load_sector(at));
    bits += set_bits(sector);
  }
  if (bits <= 1) return base::Done{};
  return base::Error{base::ErrorCode::InvalidArgument,
                     std::string(kName) + ": no mapped log, or all its slots are damaged"};
}

// The newest one so far stays. What is wrong with it, if it is damaged.
base::Result<std::optional<std::string>> MappedLog::take_slot(std::string_view sector) {
  const base::Result<Slot> slot = decode_slot(sector, identity_);
  if (slot.ok()) {
    if (slot.value().number > slot_.number) slot_ = slot.value();
    return std::optional<std::string>();
  }
  const base::Error& error = slot.error();
  if (error.code == base::ErrorCode::Corrupt) return std::optional(error.message);
  return base::Error{error.code, std::string(kName) + ": " + error.message};
}

// The newest slot is true. A copy that is damaged is named; when both copies of a pair are, what
// they said is not known.
base::Status MappedLog::read_slots(Recovered& found) {
  const std::uint64_t size = file_->size_bytes();
  // What is read here is what the next crash leaves, too.
  TRY([[maybe_unused]] const base::Done durable,
      file_->sync(0, std::min(size, kSlots * io::kSectorBytes)));
  std::array<std::string, kSlots> sectors;
  for (std::uint64_t i = 0; i < kSlots; ++i) {
    TRY(sectors.at(i), load_sector(i * io::kSectorBytes));
  }
  TRY([[maybe_unused]] const base::Done log, expect_a_log(sectors));
  std::array<bool, kSlots> bad{};
  std::array<bool, kSlots> empty{};
  for (std::uint64_t i = 0; i < kSlots; ++i) {
    empty[i] = set_bits(sectors[i]) <= 1;
    if (empty[i]) continue;
    TRY(const std::optional<std::string> damage, take_slot(sectors[i]));
    if (!damage) continue;
    bad[i] = true;
    found.findings.push_back({kName, i * io::kSectorBytes, *damage});
  }
  for (const std::uint64_t pair : {std::uint64_t{0}, kSlots / 2}) {
    if (!empty[pair] || !empty[pair + 1] || !must_have_been(pair, slot_.number)) continue;
    bad[pair] = bad[pair + 1] = true;
    found.findings.push_back({kName, pair * io::kSectorBytes, "a pair of slots is zeros"});
  }
  const bool emptied = slot_.number == 0 && size > kBegin;
  if (emptied) found.findings.push_back({kName, 0, "there is no slot"});
  const bool new_one = is_new(size, slot_.number, empty);
  for (Finding& finding : found.findings) {
    const std::uint64_t pair = *finding.offset / io::kSectorBytes / 2 * 2;
    const bool lost = emptied || (!new_one && is_lost(bad, empty, pair));
    if (lost) finding.floor = kUnknownFloor;
  }
  // The size is durable with the second slot at the latest, and up to there nothing was promised.
  const bool used = slot_.number > 2 || !found.findings.empty();
  if (size < kBegin && used) found.findings.push_back({kName, size, "the file ends too early"});
  return base::Done{};
}

base::Status MappedLog::play_batches(Replay& replay, Recovered& found) {
  const Slot told = slot_;
  std::uint64_t stop = told.end;
  for (bool done = false; !done;) {
    replay = {};
    replay.base = told.first;
    replay.compacted = told.first != raft::EntryId{};
    slot_.end = told.begin;
    slot_.chain = told.first_chain;
    marks_.assign(1, {slot_.end, slot_.chain, replay.base, {}});
    done = true;
    while (slot_.end < stop) {
      TRY(const std::optional<Batch> batch, load_batch(stop));
      if (!batch) break;
      remember(slot_.end, replay.last());
      replay.highest = {};
      if (!play(batch->body, slot_.end + kBatchHeaderBytes, replay).ok()) {
        stop = slot_.end;  // What it was played into is good for nothing: again, up to here.
        done = false;
        break;
      }
      marks_.back().highest = std::max(marks_.back().highest, replay.highest);
      slot_.end += kBatchHeaderBytes + batch->body.size();
      slot_.chain = batch->checksum;
    }
  }
  replay.hard_state = told.state.hard_state;
  replay.floor = told.state.floor;
  if (slot_.end < told.end) {
    found.findings.push_back({kName, slot_.end, "a batch is damaged", told.state.last});
    replay.floor = std::max(replay.floor, told.state.last);
  }
  if (replay.last() >= replay.floor) replay.floor = {};
  return base::Done{};
}

// The one at slot_.end. Nothing: it is damaged.
base::Result<std::optional<MappedLog::Batch>> MappedLog::load_batch(std::uint64_t stop) {
  const std::uint64_t end = std::min(stop, file_->size_bytes());
  const std::uint64_t room = end > slot_.end ? end - slot_.end : 0;
  if (room < kBatchHeaderBytes) return std::optional<Batch>();
  std::string header(kBatchHeaderBytes, '\0');
  TRY([[maybe_unused]] const base::Done head, file_->load(slot_.end, std::span(header)));
  base::ByteReader in(header);
  const bool begins = in.u32() == kBatchMagic;
  Batch batch;
  batch.checksum = in.u32();
  const std::uint32_t size = in.u32();
  const bool follows = in.u32() == slot_.chain;
  if (!begins || !follows || size > room - kBatchHeaderBytes) return std::optional<Batch>();
  batch.body.resize(size);
  TRY([[maybe_unused]] const base::Done body,
      file_->load(slot_.end + kBatchHeaderBytes, std::span(batch.body)));
  const std::uint32_t checksum =
      base::crc32c(batch.body, base::crc32c(std::string_view(header).substr(8)));
  if (checksum != batch.checksum) return std::optional<Batch>();
  return std::optional(std::move(batch));
}

// A batch comes at `offset`, in a log that ends with `before`.
void MappedLog::remember(std::uint64_t offset, raft::EntryId before) {
  if (offset - marks_.back().offset < config_.mark_bytes) return;
  marks_.push_back({offset, slot_.chain, before, {}});
}

void MappedLog::append(const Change& change) {
  if (failure_) return;
  write_records(change, batch_, outline_);
  if (change.rebase) highest_ = std::max(highest_, change.rebase->last.index);
  if (!change.append.empty()) highest_ = std::max(highest_, change.append.back().id.index);
}

base::Status MappedLog::sync() {
  if (failure_) return *failure_;
  if (batch_.empty()) return base::Done{};
  base::Status written = write_batch();
  batch_.clear();
  if (!written.ok()) failure_ = written.error();
  return written;
}

base::Status MappedLog::write_batch() {
  CHECK(batch_.size() <= std::numeric_limits<std::uint32_t>::max(), batch_.size());
  const std::uint64_t begin = slot_.end;
  const std::uint64_t size = kBatchHeaderBytes + batch_.size();
  TRY([[maybe_unused]] const base::Done room, make_room(begin + size));
  const std::string header = batch_header(batch_, slot_.chain);
  TRY([[maybe_unused]] const base::Done head, file_->store(begin, header));
  TRY([[maybe_unused]] const base::Done body, file_->store(begin + header.size(), batch_));
  if (!MUTANT(SlotBeforeItsEntries)) {
    TRY([[maybe_unused]] const base::Done durable, file_->sync(begin, size));
  }
  remember(begin, slot_.state.last);
  marks_.back().highest = std::max(marks_.back().highest, std::exchange(highest_, {}));
  Slot next = slot_;
  next.end = begin + size;
  next.chain = checksum_of(header);
  next.state = outline_.state();
  return write_slot(next);
}

// Before anything is changed: a disk that is full is known in time.
base::Status MappedLog::make_room(std::uint64_t end) {
  if (end <= file_->size_bytes()) return base::Done{};
  const std::uint64_t more = std::max(config_.prepare_bytes, file_->size_bytes() / 4);
  return file_->grow(std::max(end, file_->size_bytes() + more));
}

base::Status MappedLog::write_slot(const Slot& slot) {
  Slot next = slot;
  next.number = slot_.number + 1;
  const std::string bytes = encode_slot(next, identity_);
  const std::uint64_t at =
      (MUTANT(SlotOverTheLastOne) ? 0 : next.number % 2) * 2 * io::kSectorBytes;
  TRY([[maybe_unused]] const base::Done one, file_->store(at, bytes));
  TRY([[maybe_unused]] const base::Done two, file_->store(at + io::kSectorBytes, bytes));
  TRY([[maybe_unused]] const base::Done durable, file_->sync(at, 2 * io::kSectorBytes));
  slot_ = next;
  return base::Done{};
}

void MappedLog::drop_through(raft::LogIndex index) {
  drop_through_ = std::max(drop_through_, index);
}

base::Result<bool> MappedLog::tend() {
  if (failure_) return *failure_;
  base::Result<bool> more = do_piece();
  if (!more.ok()) failure_ = more.error();
  return more;
}

base::Result<bool> MappedLog::do_piece() {
  const std::size_t before = marks_.size();
  while (marks_.size() > 1 && marks_.front().highest <= drop_through_) marks_.pop_front();
  if (marks_.size() < before) {
    Slot next = slot_;
    next.begin = marks_.front().offset;
    next.first_chain = marks_.front().chain;
    next.first = marks_.front().before;
    moved_ = 0;
    TRY([[maybe_unused]] const base::Done written, write_slot(next));
    return true;
  }
  // Once what is free in front is longer than what is left, that moves there.
  const std::uint64_t live = slot_.end - slot_.begin;
  if (slot_.begin == kBegin || kBegin + live > slot_.begin) return false;
  return move_forward();
}

base::Result<bool> MappedLog::move_forward() {
  const std::uint64_t live = slot_.end - slot_.begin;
  const std::uint64_t size = std::min(live - moved_, kMovedAtOnce);
  std::string bytes(size, '\0');
  TRY([[maybe_unused]] const base::Done loaded,
      file_->load(slot_.begin + moved_, std::span(bytes)));
  TRY([[maybe_unused]] const base::Done stored, file_->store(kBegin + moved_, bytes));
  if (size > 0) {
    TRY([[maybe_unused]] const base::Done durable, file_->sync(kBegin + moved_, size));
  }
  moved_ += size;
  if (moved_ < live) return true;
  const std::uint64_t distance = slot_.begin - kBegin;
  Slot next = slot_;
  next.begin -= distance;
  next.end -= distance;
  TRY([[maybe_unused]] const base::Done written, write_slot(next));
  for (Mark& each : marks_) each.offset -= distance;
  moved_ = 0;
  return false;
}

}  // namespace journal
