// SPDX-License-Identifier: Apache-2.0
// All segments of a directory, read back in order.
//
//   [1: ... seals] [2: ... seals] [3: in use] [4: zeros, prepared]      the rule
//   [1: ... seals] [2: ... damage ...] [3: ...] [5: repaired]           5 continues 2 before the
//                                                                       damage, and makes 3 void
//
// A frame that seals its segment is written when the next file is there, durable with its name. So
// a segment that is missing, also the last one, is noticed. Damage never stops recovery: the log is
// cut before it, by a new segment that says so and repeats term, vote and floor; once that one is
// durable the rest is void, and is removed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "journal/journal.h"
#include "journal/layout.h"
#include "journal/record.h"
#include "journal/segment_reader.h"

namespace journal {

// A segment in use, and the highest index that it speaks of.
struct LiveSegment {
  std::uint64_t sequence = 0;
  raft::LogIndex highest;
};

// Where to go on.
struct Position {
  std::uint64_t sequence = 0;
  std::unique_ptr<io::File> file;
  std::uint64_t offset = 0;  // Of the next frame; 0: the segment is not begun.
  FrameLink next;
  std::uint64_t previous = 0;    // If it is not begun: the segment before.
  std::uint64_t last_frame = 0;  // Offset of the last frame; 0: there is none.
  std::uint64_t size_bytes = 0;  // Of the file; zeros from `offset` on.
};

struct RecoveredSegments {
  Replay replay;
  std::deque<LiveSegment> live;  // In order; without one that is not begun.
  Position position;
  std::unique_ptr<io::File> prepared;  // The segment after, if its file is there.
  std::vector<Finding> findings;
};

// Begins a new log if the directory has none.
base::Result<RecoveredSegments> recover_segments(io::Disk& disk, const Config& config);

// Damage, without changing anything.
base::Result<std::vector<Finding>> find_damage(io::Disk& disk, const Config& config);

// A file for a segment, empty, durable with its name.
base::Result<std::unique_ptr<io::File>> create_segment(io::Disk& disk, std::uint64_t sequence);

}  // namespace journal
