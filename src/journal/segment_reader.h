// SPDX-License-Identifier: Apache-2.0
// One segment read back, and the judgement on what lies where a frame is due.
//
// A crash leaves, after the last good frame, at most one unfinished frame: some of its sectors were
// never written, and say so (layout.h: Sector). Whatever else is found there is damage, and so is
// an unfinished frame with another behind it, as every frame is durable before the next is written.
// (Hazard F13: bit rot in the last segment taken for a torn write, and entries dropped that were
// acknowledged; Alagappan et al., "Protocol-Aware Recovery", FAST 2018.)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/disk.h"
#include "journal/frame.h"
#include "journal/layout.h"

namespace journal {

// What the next frame has to continue.
struct FrameLink {
  std::uint64_t number = 1;  // Its number.
  std::uint32_t chain = 0;   // The checksum of the frame before.
};

// What lies where a frame is due.
struct Look {
  enum class What : std::uint8_t {
    Whole,    // The frame. `frame.flaw`: with damage that does not matter.
    Missing,  // Nothing, or an unfinished frame.
    Damaged   // It was once there as a whole, as far as one can tell.
  };
  What what = What::Missing;
  std::optional<Frame> frame;  // Unless header and trailer are gone.
  bool lone = false;           // Damaged, no `frame`: nothing but zeros behind its first sector.
};

// Descriptors found by looking at every sector. What the frames they are of have led to.
struct Traces {
  std::uint64_t highest = 0;  // Number; 0: none was found.
  raft::HardState hard_state;
  // Where the next one comes: in this segment, or, if it is sealed, in the one behind it.
  std::uint64_t sequence = 0;
  std::uint64_t end = 0;
  bool seals = false;
  raft::EntryId last;  // The most up to date.
  raft::EntryId own;   // That of the highest itself, which may have cut others off.

  void add(const Traces& other);
};

// What the first sector tells.
struct Head {
  std::optional<Link> link;  // Also if only the first frame tells it.
  bool flawed = false;       // The sector is damaged,
  bool absent = false;       // or was never written.
  // Its first frame was written as a whole, once: the segment is in use.
  bool begun = false;
};

class SegmentReader {
 public:
  static base::Result<SegmentReader> open(io::Disk& disk, const Identity& identity,
                                          std::uint64_t sequence);

  // InvalidArgument if the segment is of another log or version.
  base::Result<Head> head();

  base::Result<Look> look(std::uint64_t offset, const FrameLink& due);

  // Of the frames from..below, in the sectors begin..end, wherever they should be.
  base::Result<Traces> trace(std::uint64_t begin, std::uint64_t end, std::uint64_t from,
                             std::uint64_t below);

  base::Result<bool> zeros_from(std::uint64_t offset);

  base::Status write(std::uint64_t offset, const Sectors& sectors);

  // Durably.
  base::Status cut(std::uint64_t size_bytes);

  // Writes begin..end again as it is read. Necessary before what was read is believed to be
  // durable: the last process may have died before its sync, or seen it fail, and then what the
  // cache holds may not be what the disk holds.
  base::Status write_again(std::uint64_t begin, std::uint64_t end);

  std::uint64_t sequence() const { return sequence_; }
  std::string name() const { return segment_name(sequence_); }
  io::File& file() { return *file_; }
  std::uint64_t size_bytes() const { return size_bytes_; }
  std::unique_ptr<io::File> take_file() { return std::move(file_); }

 private:
  SegmentReader(const Identity& identity, std::uint64_t sequence, std::unique_ptr<io::File> file,
                std::uint64_t size_bytes)
      : identity_(identity), sequence_(sequence), file_(std::move(file)), size_bytes_(size_bytes) {}

  // The bytes begin..begin+size, with zeros where the file has ended; valid until the next call.
  base::Result<std::string_view> at(std::uint64_t begin, std::uint64_t size);
  base::Result<std::string_view> sector(std::uint64_t begin) { return at(begin, io::kSectorBytes); }
  base::Result<std::optional<Descriptor>> describe(std::uint64_t offset, const FrameLink& due);
  base::Result<std::optional<Link>> link_of_first_frame();
  base::Result<bool> has_begun(const std::optional<Link>& link, bool flawed);

  Identity identity_;
  std::uint64_t sequence_;
  std::unique_ptr<io::File> file_;
  std::uint64_t size_bytes_;
  std::string window_;              // A piece of the file,
  std::uint64_t window_begin_ = 0;  // which begins here.
};

}  // namespace journal
