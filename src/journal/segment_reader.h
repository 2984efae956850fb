// SPDX-License-Identifier: Apache-2.0
// One segment read back, and the judgement on how it ends.
//
// A crash leaves, after the last good frame, at most one unfinished frame: cut short by the end of
// the file, or with sectors that were never written and read as zeros. Whatever else is found there
// is damage, and so is any frame behind an unfinished one, as every frame is durable before the
// next one is written. (Hazard: taking bit rot in the last segment for a torn write, and dropping
// entries that were acknowledged; Alagappan et al., "Protocol-Aware Recovery", FAST 2018.)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/disk.h"
#include "journal/layout.h"
#include "journal/record.h"

namespace journal {

// What the next frame has to continue.
struct FrameLink {
  std::uint64_t number = 1;  // Its number.
  std::uint32_t chain = 0;   // The checksum in the header before it.
};

// Where the frames of a segment end.
struct SegmentEnd {
  std::uint64_t offset = kSegmentHeaderBytes;  // Of the next frame.
  std::uint64_t last = 0;                      // Offset of the last frame; 0: there is none.
  FrameLink next;
  std::uint32_t before_last = 0;  // The chain value that the last frame continues.
};

class SegmentReader {
 public:
  static base::Result<SegmentReader> open(io::Disk& disk, std::uint64_t sequence);

  // Nothing if the header was never written. Corrupt if it is damaged, InvalidArgument if it is of
  // another version.
  base::Result<std::optional<SegmentHeader>> header();

  // Plays all frames into `replay`, the first of which continues `next`. Corrupt, with the byte, if
  // there is damage.
  base::Result<SegmentEnd> play_frames(FrameLink next, Replay& replay);

  // Whether there is a frame anywhere, also behind a header that is no good.
  base::Result<bool> has_frames();

  // Writes begin..end again as it is read and syncs the file. Necessary before what was read is
  // believed to be durable: the last process may have died before its sync, or seen it fail, and
  // then what the cache holds may not be what the disk holds.
  base::Status write_again(std::uint64_t begin, std::uint64_t end);

  io::File& file() { return *file_; }
  // Of the file, when it was opened.
  std::uint64_t size_bytes() const { return size_bytes_; }
  std::unique_ptr<io::File> take_file() && { return std::move(file_); }

  // An error about this segment.
  base::Error corrupt(const std::string& what, std::uint64_t offset) const;

 private:
  SegmentReader(std::uint64_t sequence, std::unique_ptr<io::File> file, std::uint64_t size_bytes);

  // The bytes begin..begin+size; valid until the next call. Requires: they lie within the file.
  base::Result<std::string_view> at(std::uint64_t begin, std::uint64_t size);
  // The frame at `offset`; nothing if the frames end here.
  base::Result<std::optional<FrameHeader>> find_frame(std::uint64_t offset, const FrameLink& link);
  base::Result<std::optional<std::uint64_t>> find_frame_behind(std::uint64_t offset);
  base::Status expect_no_frame_behind(std::uint64_t offset, std::uint64_t broken);
  base::Result<bool> zeros_from(std::uint64_t offset);

  std::uint64_t sequence_;
  std::unique_ptr<io::File> file_;
  std::uint64_t size_bytes_;
  std::string window_;              // A piece of the file,
  std::uint64_t window_begin_ = 0;  // which begins here.
};

}  // namespace journal
