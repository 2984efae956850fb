// SPDX-License-Identifier: Apache-2.0
// Reads that a leader has taken and not yet answered (thesis §6.4).
//
// A read may be answered when two things are known: a majority has answered a round of messages
// that started after the read came (so this server still led then), and the commit mark has reached
// the read's index (so everything acknowledged before the read is covered). Both only rise from
// read to read, so answered reads are always a prefix of the queue.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "raft/effects.h"

namespace raft {

class ReadQueue {
 public:
  std::size_t size() const { return reads_.size(); }
  bool empty() const { return reads_.empty(); }
  // The round that the youngest read waits for. Requires: not empty.
  std::uint64_t last_round() const { return reads_.back().round; }

  // Requires: neither `round` nor the index is below that of an earlier read.
  void push(Readable read, std::uint64_t round);
  // Moves to `out` what `confirmed` rounds and `commit` allow to answer.
  void release(std::uint64_t confirmed, LogIndex commit, std::vector<Readable>& out);
  // All that is left, oldest first; the queue is empty afterwards.
  std::vector<ReadId> drain();

 private:
  struct Waiting {
    Readable read;
    std::uint64_t round;
  };
  std::deque<Waiting> reads_;
};

}  // namespace raft
