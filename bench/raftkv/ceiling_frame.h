// SPDX-License-Identifier: Apache-2.0
// What the ceiling's leader and followers say to each other.
//
//   leader:    FrameHead entries    A batch to store, then to acknowledge; without entries: a round
//                                   that reads wait for, to be answered at once.
//   follower:  Ack                  All that was stored so far, and the latest round seen.
#pragma once

#include <cstdint>

namespace ceiling {

struct FrameHead {
  std::uint32_t bytes = 0;  // Of the entries.
  std::uint32_t checksum = 0;
  std::uint64_t batch = 0;  // 1, 2, ...; 0: a round.
  std::uint64_t round = 0;
};

struct Ack {
  std::uint64_t batch = 0;
  std::uint64_t round = 0;
};

// An entry: this, the key, the value.
struct EntryHead {
  std::uint32_t key_bytes = 0;
  std::uint32_t value_bytes = 0;
};

}  // namespace ceiling
