// SPDX-License-Identifier: Apache-2.0
#include "journal/segment_reader.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/crc32c.h"
#include "mutant/mutant.h"

namespace journal {

namespace {

constexpr std::uint64_t kWindowBytes = std::uint64_t{1} << 20U;

}  // namespace

SegmentReader::SegmentReader(std::uint64_t sequence, std::unique_ptr<io::File> file,
                             std::uint64_t size_bytes)
    : sequence_(sequence), file_(std::move(file)), size_bytes_(size_bytes) {}

base::Result<SegmentReader> SegmentReader::open(io::Disk& disk, std::uint64_t sequence) {
  TRY(std::unique_ptr<io::File> file, disk.open(segment_name(sequence)));
  TRY(const std::uint64_t size_bytes, file->size_bytes());
  return SegmentReader(sequence, std::move(file), size_bytes);
}

base::Result<std::optional<SegmentHeader>> SegmentReader::header() {
  if (size_bytes_ < kSegmentHeaderBytes) return std::optional<SegmentHeader>();
  TRY(const std::string_view bytes, at(0, kSegmentHeaderBytes));
  if (all_zeros(bytes)) return std::optional<SegmentHeader>();
  const base::Result<SegmentHeader> header = decode_segment_header(bytes);
  if (header.ok() && header.value().sequence == sequence_) return std::optional(header.value());
  if (header.ok()) return corrupt("the header is that of another segment", 0);
  return base::Error{header.error().code, corrupt(header.error().message, 0).message};
}

base::Result<SegmentEnd> SegmentReader::play_frames(FrameLink next, Replay& replay) {
  SegmentEnd end;
  end.next = next;
  while (!replay.sealed) {
    TRY(const std::optional<FrameHeader> header, find_frame(end.offset, end.next));
    if (!header) break;
    const std::uint64_t body = end.offset + kFrameHeaderBytes;
    TRY(const std::string_view bytes, at(end.offset, kFrameHeaderBytes + header->body_bytes));
    end.last = end.offset;
    end.before_last = end.next.chain;
    end.next = {header->number + 1, checksum_of_frame_header(bytes)};
    end.offset += frame_bytes(header->body_bytes);
    const base::Status played = play(bytes.substr(kFrameHeaderBytes), body, replay);
    if (!played.ok()) {
      return base::Error{base::ErrorCode::Corrupt,
                         segment_name(sequence_) + ": " + played.error().message};
    }
  }
  TRY(const bool zeros, zeros_from(end.offset));
  if (replay.sealed && !zeros) return corrupt("something lies behind the seal", end.offset);
  return end;
}

base::Result<bool> SegmentReader::has_frames() {
  TRY(const std::optional<std::uint64_t> found, find_frame_behind(kSegmentHeaderBytes));
  return found.has_value();
}

base::Status SegmentReader::write_again(std::uint64_t begin, std::uint64_t end) {
  if (MUTANT(RecoveryTrustsTheCache)) return base::Done{};
  TRY(const std::string_view bytes, at(begin, end - begin));
  const std::array<std::string_view, 1> parts = {bytes};
  TRY([[maybe_unused]] const base::Done written, file_->write(begin, parts));
  return file_->sync();
}

base::Error SegmentReader::corrupt(const std::string& what, std::uint64_t offset) const {
  return {base::ErrorCode::Corrupt,
          segment_name(sequence_) + ": " + what + " at byte " + std::to_string(offset)};
}

base::Result<std::string_view> SegmentReader::at(std::uint64_t begin, std::uint64_t size) {
  CHECK(begin <= size_bytes_ && size <= size_bytes_ - begin, begin, size, size_bytes_);
  const bool inside = begin >= window_begin_ && begin - window_begin_ <= window_.size() &&
                      size <= window_.size() - (begin - window_begin_);
  if (!inside) {
    window_.resize(std::min(std::max(size, kWindowBytes), size_bytes_ - begin));
    window_begin_ = begin;
    TRY(const std::size_t count, file_->read(begin, std::span(window_)));
    if (count != window_.size()) {
      window_.clear();
      return base::Error{base::ErrorCode::Io,
                         segment_name(sequence_) + ": the file became shorter while it was read"};
    }
  }
  return std::string_view(window_).substr(begin - window_begin_, size);
}

base::Result<std::optional<FrameHeader>> SegmentReader::find_frame(std::uint64_t offset,
                                                                   const FrameLink& link) {
  constexpr std::optional<FrameHeader> none;
  if (size_bytes_ - offset < kFrameHeaderBytes) return none;
  TRY(const std::string_view bytes, at(offset, kFrameHeaderBytes));
  const std::optional<FrameHeader> header = decode_frame_header(bytes, {sequence_, offset});
  if (!header) {
    // A header lies within one sector: a crash leaves all of it or none.
    if (!all_zeros(bytes)) return corrupt("neither a frame nor room for one", offset);
    TRY([[maybe_unused]] const base::Done last,
        expect_no_frame_behind(offset + kAlignment, offset));
    return none;
  }
  if (header->number != link.number || header->chain != link.chain) {
    return corrupt("frame " + std::to_string(header->number) + " does not continue frame " +
                       std::to_string(link.number - 1),
                   offset);
  }
  const std::uint64_t size = frame_bytes(header->body_bytes);
  if (size > size_bytes_ - offset) return none;
  TRY(const std::string_view frame, at(offset, size));
  const bool whole = base::crc32c(frame.substr(kFrameHeaderBytes)) == header->body_checksum;
  if (whole || MUTANT(BodyIsNotChecked)) return header;
  if (zero_sectors(frame, offset) <= header->zero_sectors && !MUTANT(DamageIsTakenForATornEnd)) {
    return corrupt("frame " + std::to_string(header->number) + " is damaged", offset);
  }
  TRY([[maybe_unused]] const base::Done last, expect_no_frame_behind(offset + size, offset));
  return none;
}

base::Result<std::optional<std::uint64_t>> SegmentReader::find_frame_behind(std::uint64_t offset) {
  for (; offset <= size_bytes_ && size_bytes_ - offset >= kFrameHeaderBytes; offset += kAlignment) {
    TRY(const std::string_view bytes, at(offset, kFrameHeaderBytes));
    if (decode_frame_header(bytes, {sequence_, offset})) return std::optional(offset);
  }
  return std::optional<std::uint64_t>();
}

base::Status SegmentReader::expect_no_frame_behind(std::uint64_t offset, std::uint64_t broken) {
  TRY(const std::optional<std::uint64_t> found, find_frame_behind(offset));
  if (!found || MUTANT(FramesBehindATornOneAreIgnored)) return base::Done{};
  return corrupt(
      "a frame is damaged, as another follows it at byte " + std::to_string(*found) + ",", broken);
}

base::Result<bool> SegmentReader::zeros_from(std::uint64_t offset) {
  while (offset < size_bytes_) {
    const std::uint64_t size = std::min(kWindowBytes, size_bytes_ - offset);
    TRY(const std::string_view bytes, at(offset, size));
    if (!all_zeros(bytes)) return false;
    offset += size;
  }
  return true;
}

}  // namespace journal
