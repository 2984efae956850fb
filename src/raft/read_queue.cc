// SPDX-License-Identifier: Apache-2.0
#include "raft/read_queue.h"

#include "base/check.h"
#include "mutant/mutant.h"

namespace raft {

void ReadQueue::push(Readable read, std::uint64_t round) {
  if (!reads_.empty()) {
    CHECK(reads_.back().round <= round, reads_.back().round, round);
    CHECK(reads_.back().read.index <= read.index, reads_.back().read.index, read.index);
  }
  reads_.push_back({read, round});
}

void ReadQueue::release(std::uint64_t confirmed, LogIndex commit, std::vector<Readable>& out) {
  while (!reads_.empty() && reads_.front().round <= confirmed &&
         (reads_.front().read.index <= commit || MUTANT(ReadIsReadyBeforeItsCommit))) {
    out.push_back(reads_.front().read);
    reads_.pop_front();
  }
}

std::vector<ReadId> ReadQueue::drain() {
  std::vector<ReadId> ids;
  for (const Waiting& waiting : reads_) ids.push_back(waiting.read.id);
  reads_.clear();
  return ids;
}

}  // namespace raft
