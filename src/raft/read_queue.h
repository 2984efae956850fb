// SPDX-License-Identifier: Apache-2.0
// Reads that a leader has taken and not yet answered, its own and its followers' (thesis §6.4).
//
// A read may be answered when two things are known: a majority has answered a round of messages
// that started after the read came (so this server still led then), and the commit mark has reached
// the read's index (so everything acknowledged before the read is covered). Both only rise from
// read to read, so answered reads are always a prefix of the queue.
#pragma once

#include <cstdint>

#include "base/ring.h"
#include "mutant/mutant.h"
#include "raft/types.h"

namespace raft {

struct WaitingRead {
  NodeId from;           // Who asked; 0: this server's own owner.
  std::uint64_t id = 0;  // A ReadId of the owner's, or the context of a follower's question.
  LogIndex index;
};

class ReadQueue {
 public:
  std::size_t size() const { return reads_.size(); }
  bool empty() const { return reads_.empty(); }
  // The round that the youngest read waits for. Requires: not empty.
  std::uint64_t last_round() const { return reads_.back().round; }

  // Requires: neither `round` nor the index is below that of an earlier read.
  void push(const WaitingRead& read, std::uint64_t round);
  // Takes out what `confirmed` rounds and `commit` allow to answer, oldest first, and calls
  // answer(read) for each.
  template <class Answer>
  void release(std::uint64_t confirmed, LogIndex commit, Answer answer) {
    while (!reads_.empty() && reads_.front().round <= confirmed &&
           (reads_.front().read.index <= commit || MUTANT(ReadIsReadyBeforeItsCommit))) {
      answer(reads_.front().read);
      reads_.pop_front();
    }
  }
  // The same with all that is left.
  template <class Answer>
  void drain(Answer answer) {
    for (; !reads_.empty(); reads_.pop_front()) answer(reads_.front().read);
  }

 private:
  struct Waiting {
    WaitingRead read;
    std::uint64_t round;
  };
  base::Ring<Waiting> reads_;
};

}  // namespace raft
