// SPDX-License-Identifier: Apache-2.0
// All segments of a directory, read back in order.
//
// A segment is sealed after its successor was created, so that at a crash the last segments are:
//
//   ... [sealed] [open]                  the rule
//   ... [open, perhaps torn] [no frame]  between creation and seal: the last one is removed
//
// Anything else is damage: a segment that is missing, also the last one; one that is not sealed
// although the next has frames.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "io/disk.h"
#include "journal/journal.h"
#include "journal/layout.h"
#include "journal/record.h"
#include "journal/segment_reader.h"

namespace journal {

// The log, and the segment to go on with. All of it is durable.
struct Recovered {
  Replay replay;
  std::uint64_t sequence = 0;
  std::unique_ptr<io::File> file;
  SegmentEnd end;
};

// Begins a new log if the directory has none.
base::Result<Recovered> recover(io::Disk& disk, const Config& config);

// A new segment, durable with its name.
base::Result<std::unique_ptr<io::File>> create_segment(io::Disk& disk, const SegmentHeader& header);

}  // namespace journal
