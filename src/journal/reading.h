// SPDX-License-Identifier: Apache-2.0
// What all segments of a directory together tell, and where the log ends, early or not. Reads, and
// changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "journal/frame.h"
#include "journal/recovery.h"
#include "journal/segment_chain.h"

namespace journal {

// A frame, or a header, that can be read although it is damaged: how it was written.
struct Rewrite {
  std::size_t segment = 0;
  std::uint64_t offset = 0;
  Sectors sectors;
};

// Where the log ends early.
struct Damage {
  std::optional<std::size_t> segment;  // The last one with anything good; nothing: none.
  Traces lost;                         // Of what is missing. Behind them, or all there was:
  bool hidden = false;                 // Frames that left none, or a floor,
  bool lone = false;                   // or one of one sector.
};

struct Reading {
  SegmentChain chain;
  Replay replay;  // With the floor that the damage calls for.
  std::vector<LiveSegment> live;
  std::vector<Finding> findings;
  std::vector<Rewrite> rewrites;
  std::optional<Damage> damage;
  bool fresh = false;  // Nothing was ever written.

  // The end of the last segment that was read.
  FrameLink due;
  std::uint64_t offset = 0;
  std::uint64_t last_frame = 0;  // Offset of the last frame; 0: there is none.
  bool sealed = false;
};

base::Result<Reading> read_segments(io::Disk& disk, const Identity& identity);

}  // namespace journal
