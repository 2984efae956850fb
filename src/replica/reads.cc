// SPDX-License-Identifier: Apache-2.0
#include "replica/reads.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "mutant/mutant.h"

namespace replica {

std::optional<raft::ReadId> Reads::ask() {
  if (new_.empty()) return std::nullopt;
  asked_or_ready_ += new_.size();
  if (MUTANT(NewReadsJoinThoseAsked) && !asked_.empty()) {
    std::ranges::move(std::exchange(new_, {}), std::back_inserter(asked_.rbegin()->second));
    return std::nullopt;
  }
  last_id_ = last_id_.next();
  asked_.emplace(last_id_, std::exchange(new_, {}));
  return last_id_;
}

std::vector<Reads::Read> Reads::take_asked(raft::ReadId id) {
  const auto found = asked_.find(id);
  CHECK(found != asked_.end(), id);
  std::vector<Read> reads = std::move(found->second);
  asked_.erase(found);
  for (const Read& read : reads) query_bytes_ -= read.query.size();
  if (MUTANT(ReadsOfATurnGetOneAnswer)) {
    for (Read& read : reads) read.query = reads.back().query;
  }
  return reads;
}

std::vector<Reads::Read> Reads::take_unreadable(raft::ReadId id) {
  std::vector<Read> reads = take_asked(id);
  asked_or_ready_ -= reads.size();
  return reads;
}

std::optional<Reads::Read> Reads::take_ready(raft::LogIndex applied) {
  if (ready_.empty() || ready_.begin()->first > applied) return std::nullopt;
  Read read = std::move(ready_.begin()->second);
  query_bytes_ -= read.query.size();
  ready_.erase(ready_.begin());
  --asked_or_ready_;
  return read;
}

std::vector<Reads::Read> Reads::take_all_ready() {
  std::vector<Read> reads;
  reads.reserve(ready_.size());
  for (auto& [index, read] : std::exchange(ready_, {})) {
    query_bytes_ -= read.query.size();
    reads.push_back(std::move(read));
  }
  asked_or_ready_ -= reads.size();
  return reads;
}

}  // namespace replica
