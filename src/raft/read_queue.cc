// SPDX-License-Identifier: Apache-2.0
#include "raft/read_queue.h"

#include "base/check.h"

namespace raft {

void ReadQueue::push(const WaitingRead& read, std::uint64_t round) {
  if (!reads_.empty()) {
    CHECK(reads_.back().round <= round, reads_.back().round, round);
    CHECK(reads_.back().read.index <= read.index, reads_.back().read.index, read.index);
  }
  reads_.push() = {read, round};
}

}  // namespace raft
