// SPDX-License-Identifier: Apache-2.0
// A server's copy of the log, in memory, and how far it is agreed on and on disk.
//
//     base  1   2   3   4   5   6   7   8
//       |-------------------------------->  last
//                   ^commit     ^persisted
//
// Entries up to `base` are gone: a snapshot stands for them, so they are committed. `commit` and
// `persisted` are independent: a majority of others may have an entry before our own disk has it.
// The log knows which step wrote which entries, so that a receipt for a step that is older than a
// truncation cannot vouch for what was written since at the same index.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ring.h"
#include "raft/durable.h"
#include "raft/message.h"

namespace raft {

// What an entry costs besides its payload, wherever bytes are counted against a limit.
inline constexpr std::uint64_t kEntryOverheadBytes = 32;
std::uint64_t weight_bytes(const Payload& payload);  // Null: a Noop.

class Log {
 public:
  // Requires: `recovered` follows `base` without a gap and with terms that never fall. All of it is
  // durable.
  explicit Log(std::vector<Entry> recovered, EntryId base = {});

  EntryId base() const { return base_; }  // The entry before the first; term 0, index 0: none.
  EntryId last() const;                   // The base when empty.
  LogIndex commit() const { return commit_; }
  LogIndex persisted() const { return persisted_; }
  std::uint64_t uncommitted_bytes() const { return uncommitted_bytes_; }
  std::uint64_t bytes() const { return bytes_; }  // What all entries weigh.

  // The id at `index`; index 0 is before the first entry and has term 0. Nothing beyond `last` and
  // before `base`: what an entry there was is not known, and must not be guessed.
  std::optional<EntryId> find_id(LogIndex index) const;
  bool contains(EntryId id) const { return find_id(id.index) == id; }
  // Requires: base < index <= last.
  const Entry& at(LogIndex index) const;

  // The last entry with an index <= `index` and a term <= `term`: in a conflict, the best guess at
  // where two logs still agree (Raft §5.3). The base if there is none. O(log n).
  EntryId last_at_or_below(LogIndex index, Term term) const;

  // Appends to `out` the entries after `previous`, in order, as many as weigh no more than
  // `max_bytes`, but at least one if there is one. Returns what they weigh.
  // Requires: base <= previous <= last.
  std::uint64_t copy_after(LogIndex previous, std::uint64_t max_bytes,
                           std::vector<Entry>& out) const;

  // The index before the last entries up to `end`: `count` of them, or fewer, as many as weigh no
  // more than `max_bytes` and there are. Requires: base <= end <= last. O(those entries).
  LogIndex before_last(LogIndex end, std::uint64_t count, std::uint64_t max_bytes) const;

  // Requires: `entry` follows `last`. `step` is the one that will make it durable.
  void append(const Entry& entry, StepNumber step);
  // Drops `index` and all that follows. Requires: commit < index <= last.
  void truncate_from(LogIndex index);

  // All that steps up to `step` wrote is on disk now.
  void on_persisted(StepNumber step);
  // The step whose receipt makes `index` durable; zero if it is already.
  StepNumber step_of(LogIndex index) const;

  // Moves the commit mark forward and appends the entries it passed to `passed`.
  // Requires: index <= last.
  void commit_to(LogIndex index, std::vector<Entry>& passed);

  // A durable snapshot up to `index`, found at recovery, proves that much is committed; its entries
  // are not to be applied. Requires: index <= last.
  void start_from(LogIndex index);
  // Entries up to `index` may go; compact_some() forgets them. Requires: base <= index <= commit.
  void compact_later(LogIndex index);
  // A piece of that, so that no step takes long: to let go 50,000 entries at once takes 5 ms.
  // False: there is none.
  bool compact_some();
  // A snapshot up to `last` takes the place of everything up to there; `step` will make that
  // durable. What follows stays if the log has that entry, and goes otherwise: false.
  // Requires: commit < last.index.
  bool install(EntryId last, StepNumber step);

  void check_invariants() const;

 private:
  struct Written {
    StepNumber step;
    LogIndex last;  // Entries after those of the element before, up to here.
  };

  void compact_through(LogIndex index);  // Requires: base < index <= commit.
  void pop_first();
  void pop_last();
  std::size_t position(LogIndex index) const {
    return static_cast<std::size_t>(index.since(base_.index) - 1);
  }

  EntryId base_;
  base::Ring<Entry> entries_;    // entries_[0] has the index behind the base.
  std::size_t peak_ = 0;         // The most there were since the last compaction.
  base::Ring<Written> written_;  // Not yet persisted, steps and indices both rising.
  LogIndex droppable_;           // Entries up to here may go.
  LogIndex commit_;
  LogIndex persisted_;
  std::uint64_t uncommitted_bytes_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace raft
