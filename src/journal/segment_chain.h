// SPDX-License-Identifier: Apache-2.0
// The segments of a directory, put in the order in which they continue each other.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "journal/segment_reader.h"

namespace journal {

struct ChainedSegment {
  SegmentReader reader;
  Head head;
  // Frames with this number and higher ones are void.
  std::uint64_t void_from = 0;
  // The segment that should be before it, when it is not there; 0: none is missing.
  std::uint64_t missing = 0;
};

struct SegmentChain {
  std::vector<ChainedSegment> live;      // Begun, in order.
  std::vector<std::uint64_t> not_begun;  // Behind them, rising.
  std::vector<std::uint64_t> void_ones;  // Of no use any more.
  std::uint64_t highest = 0;             // Of all sequences.
};

// InvalidArgument: a name that only looks like a segment's; another log or version.
base::Result<SegmentChain> chain_segments(io::Disk& disk, const Identity& identity);

}  // namespace journal
