// SPDX-License-Identifier: Apache-2.0
// The entries that a leader puts into messages: followers that lack the same get the same, and
// memory that no message needs any more is used again, so that in its steady state a leader
// allocates nothing.
//
//   slots:  [previous=41, 42..57, shared with 2 messages] [free] [free] ...
#pragma once

#include <array>
#include <cstdint>

#include "raft/entries.h"
#include "raft/log.h"

namespace raft {

class Batches {
 public:
  struct Batch {
    Entries entries;
    std::uint64_t bytes = 0;  // What they weigh.
  };
  // Entries behind `previous`, as many as weigh no more than `max_bytes`, but at least one.
  //
  // Requires: base <= previous < last. `log` has only been appended to and compacted since the last
  // call, and `max_bytes` is the same in all.
  const Batch& after(LogIndex previous, const Log& log, std::uint64_t max_bytes);

  // Some time has passed: what was not asked for since the last call is forgotten, and payloads are
  // let go.
  void trim();

 private:
  struct Slot {
    Batch batch;
    LogIndex previous;
    LogIndex log_last;      // When they were taken.
    bool is_full = false;   // The next entry would have been too much.
    bool is_known = false;  // `batch` holds what the others say.
    bool is_used = false;   // Since the last trim().
  };
  Slot& free_slot();

  std::array<Slot, 4> slots_;
  std::size_t next_ = 0;  // To be taken when all are in use.
};

}  // namespace raft
