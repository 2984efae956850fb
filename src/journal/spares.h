// SPDX-License-Identifier: Apache-2.0
// Files of segments that are of no use any more, on their way to be used again; and one that is
// made where there is none. To write where was written before costs half of what new blocks cost,
// and a large file that goes at once stops all who write to the same file system (100 ms for 64 MiB
// on a disk that is told what is free).
//
//   make --> 0000004294967295.spare --clean, in pieces--> zeros --take--> a new segment
//   segment --retire--> 0000000000000001.spare --clean, in pieces--> zeros --take--> a new segment
//                                   '--too many: shrink, in pieces--> gone
//
// What a spare holds means nothing: a crash at any time leaves one, and find() takes it up again.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "base/result.h"
#include "io/disk.h"

namespace journal {

class Spares {
 public:
  // A segment wants `segment_bytes` of zeros. Requires: `disk` outlives it.
  Spares(io::Disk& disk, std::uint64_t segment_bytes) : disk_(disk), wanted_(segment_bytes) {}

  // Those that an earlier life left. Requires: there are none yet.
  base::Status find();
  // Requires: there is a file spare_name(segment).
  base::Status add(std::uint64_t segment);
  // One that was no segment before. Requires: empty().
  base::Status make();

  bool empty() const { return all_.empty(); }
  // There are more than can be of use.
  bool too_many() const { return all_.size() > kKept; }

  // Begins to write at most `bytes` of zeros, durably, into the first one, or goes on with those
  // that it began; true if it is all zeros now. Requires: there is one.
  base::Result<bool> clean(std::uint64_t bytes);
  struct Zeros {
    std::unique_ptr<io::File> file;
    std::uint64_t size_bytes = 0;
  };
  bool is_cleaning() const { return !all_.empty() && all_.front().cleaning_bytes > 0; }
  // The first one becomes the segment, durably. Requires: clean() said true.
  base::Result<Zeros> take(std::uint64_t segment);
  // Frees a piece of the last one. Requires: there is one, and no piece of it is being cleaned.
  base::Status shrink();

 private:
  struct Spare {
    std::uint64_t segment = 0;  // That it was once, or a number that none has.
    std::unique_ptr<io::File> file;
    std::uint64_t size_bytes = 0;
    std::uint64_t clean_bytes = 0;     // From the beginning on;
    std::uint64_t cleaning_bytes = 0;  // behind these, so many are on their way.
  };
  static constexpr std::size_t kKept = 2;

  io::Disk& disk_;
  std::uint64_t wanted_;  // Bytes of zeros in a segment.
  std::deque<Spare> all_;
};

// "0000000000000001.spare"
std::string spare_name(std::uint64_t segment);

// Writes `bytes` of zeros, rounded up to whole sectors, in pieces; the end of what is durable zeros
// then.
base::Result<std::uint64_t> grow_with_zeros(io::File& file, std::uint64_t from,
                                            std::uint64_t bytes);

}  // namespace journal
