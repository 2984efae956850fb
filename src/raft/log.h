// SPDX-License-Identifier: Apache-2.0
// A server's copy of the log, in memory, and how far it is agreed on and on disk.
//
//     1   2   3   4   5   6   7   8
//     ---------------------------->  last
//             ^commit     ^persisted
//
// `commit` and `persisted` are independent: a majority of others may have an entry before our own
// disk has it. The log knows which step wrote which entries, so that a receipt for a step that is
// older than a truncation cannot vouch for what was written since at the same index.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "raft/durable.h"
#include "raft/message.h"

namespace raft {

// What an entry costs besides its payload, wherever bytes are counted against a limit.
inline constexpr std::uint64_t kEntryOverheadBytes = 32;
std::uint64_t weight_bytes(const Payload& payload);  // Null: a Noop.

class Log {
 public:
  // Requires: `recovered` holds indices 1, 2, ... with terms that never fall. All of it is durable.
  explicit Log(std::vector<Entry> recovered);

  EntryId last() const;  // Term 0, index 0 when empty.
  LogIndex commit() const { return commit_; }
  LogIndex persisted() const { return persisted_; }
  std::uint64_t uncommitted_bytes() const { return uncommitted_bytes_; }

  // The id at `index`; index 0 is before the first entry and has term 0. Nothing beyond `last`.
  std::optional<EntryId> find_id(LogIndex index) const;
  bool contains(EntryId id) const { return find_id(id.index) == id; }
  // Requires: 1 <= index <= last.
  const Entry& at(LogIndex index) const;

  // The last entry with an index <= `index` and a term <= `term`: in a conflict, the best guess at
  // where two logs still agree (Raft §5.3). O(log n).
  EntryId last_at_or_below(LogIndex index, Term term) const;

  // Entries after `previous`, in order, as many as weigh no more than `max_bytes`, but at least
  // one if there is one.
  std::vector<Entry> after(LogIndex previous, std::uint64_t max_bytes) const;

  // Requires: `entry` follows `last`. `step` is the one that will make it durable.
  void append(const Entry& entry, StepNumber step);
  // Drops `index` and all that follows. Requires: commit < index <= last.
  void truncate_from(LogIndex index);

  // All that steps up to `step` wrote is on disk now.
  void on_persisted(StepNumber step);
  // The step whose receipt makes `index` durable; zero if it is already.
  StepNumber step_of(LogIndex index) const;

  // Moves the commit mark forward and returns the entries it passed. Requires: index <= last.
  std::vector<Entry> commit_to(LogIndex index);

  void check_invariants() const;

 private:
  struct Written {
    StepNumber step;
    LogIndex last;  // Entries after those of the element before, up to here.
  };

  std::deque<Entry> entries_;    // entries_[0] has index 1.
  std::deque<Written> written_;  // Not yet persisted, steps and indices both rising.
  LogIndex commit_;
  LogIndex persisted_;
  std::uint64_t uncommitted_bytes_ = 0;
};

}  // namespace raft
