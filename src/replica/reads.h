// SPDX-License-Identifier: Apache-2.0
// Reads that wait: for an index that they may be answered at, then for the state to get there.
//
//   add --> [new] --ask()--> [asked] --on_readable--> [ready at i] --answer(applied >= i)--> out
//
// All reads of a turn share one question to the core.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mutant/mutant.h"
#include "raft/effects.h"
#include "replica/outlet.h"

namespace replica {

class Reads {
 public:
  struct Read {
    RequestId request;
    std::string query;
    std::optional<RequestId> after;
  };

  std::size_t waiting() const { return new_.size() + asked_or_ready_; }
  // Of all their queries.
  std::size_t query_bytes() const { return query_bytes_; }

  void add(Read read) {
    query_bytes_ += read.query.size();
    new_.push_back(std::move(read));
  }
  // The question that the new ones want answered, if there are any.
  std::optional<raft::ReadId> ask();

  // `id` may be answered at its index; each read says by `place(read)` what else it waits for.
  // Those that wait for nothing that is not `applied` go to `answer(read)`.
  template <class Place, class Answer>
  void on_readable(const raft::Readable& readable, raft::LogIndex applied, Place place,
                   Answer answer) {
    for (Read& read : take_asked(readable.id)) {
      const raft::LogIndex wait_for = std::max(readable.index, place(read));
      if (wait_for <= applied) {
        if (!MUTANT(AnsweredReadsStayCounted)) --asked_or_ready_;
        answer(read);
      } else {
        query_bytes_ += read.query.size();
        ready_.emplace(wait_for, std::move(read));
      }
    }
  }
  // Those of a question that cannot be answered.
  std::vector<Read> take_unreadable(raft::ReadId id);

  // The next one that can be answered now that so much is applied.
  std::optional<Read> take_ready(raft::LogIndex applied);
  // All that are ready and wait for the state.
  std::vector<Read> take_all_ready();

 private:
  // Their bytes do not count any more.
  std::vector<Read> take_asked(raft::ReadId id);

  std::vector<Read> new_;
  raft::ReadId last_id_;
  std::map<raft::ReadId, std::vector<Read>> asked_;
  std::multimap<raft::LogIndex, Read> ready_;
  std::size_t asked_or_ready_ = 0;
  std::size_t query_bytes_ = 0;
};

}  // namespace replica
