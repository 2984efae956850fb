// SPDX-License-Identifier: Apache-2.0
// The durable log of one server: term, vote and entries in one stream, in batches of steps that
// reach the disk as a whole or not at all.
//
//   TRY(journal::Opened opened, journal::Journal::open(disk, config));
//   Node node(..., opened.hard_state, opened.base, opened.entries, opened.floor);
//   journal.append(effects); journal.append(effects);     // Steps, in order.
//   TRY(const raft::Receipt receipt, journal.sync());     // One write, one sync.
//   TRY(const bool more, journal.tend());                 // When nobody waits.
//
// How it lies on the disk is the business of a Storage (storage.h); the Journal alone makes
// Receipts, and ends with the first error.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "journal/storage.h"
#include "raft/durable.h"
#include "raft/effects.h"

namespace journal {

// Segments: files of frames, each one write and one sync (docs/formats/journal.md). Mapped: one
// file in memory, grown in place, two syncs a batch (docs/formats/mapped.md).
enum class Kind : std::uint8_t { Segments, Mapped };

struct Config {
  // Whose log this is. That of another server or cluster is refused.
  std::uint64_t cluster = 0;
  raft::NodeId node;
  // A new segment begins when one is longer than this. One batch is never split, so that a single
  // huge one may make a segment of its own size.
  std::uint64_t segment_bytes = std::uint64_t{16} * 1024 * 1024;
  Kind kind = Kind::Segments;
  // Another storage in place of both; what of the rest it heeds is its own business.
  std::function<std::unique_ptr<Storage>(io::Disk& disk)> make_storage;
  // Written with zeros at a time, ahead of the log (tend()): a write to a place that was written
  // before is faster than one that grows the file. 0: never. Mapped: the file grows by so much, or
  // more.
  std::uint64_t prepare_bytes = std::uint64_t{256} * 1024;
  // Mapped: at least so much is dropped at a time.
  std::uint64_t mark_bytes = std::uint64_t{16} * 1024;
#ifdef SEAWORTHY_BROKEN
  bool no_sync = false;
#endif
};

// Of which kind the log is that lies there; nothing: there is none. Requires: no two are there,
// which Journal::open never brings about.
base::Result<std::optional<Kind>> find_log(io::Disk& disk);

// The file of a log or a snapshot that `message`, an error of opening one, begins with; empty:
// none.
std::string_view file_of(std::string_view message);

// The first of `findings` that calls for this floor; null: it is from before.
const Finding* reason_of(raft::EntryId floor, const std::vector<Finding>& findings);

struct Opened;

class Journal {
 public:
  // Reads what is there, or begins a new log. `snapshot`: the newest durable one, if there is any
  // (SnapshotStore::newest()); the log that is returned continues it or begins before its end:
  //   - a log that ends before `snapshot` begins anew after it;
  //   - a log that begins behind `snapshot`, or behind none, is of no use: it is dropped, and
  //     `floor` is raised to its end;
  //   - a log whose term is earlier than that of `snapshot`, also a new one, has lost its end:
  //     `floor` is unknown. The term of a snapshot must be durable here before the snapshot is.
  // What is returned is durable. Findings tell of all this, and at every opening which of
  // them is why the floor is unknown.
  //
  // InvalidArgument: not this server's log, or of a version this program does not know. Io: the
  // disk said no. Damage is no error: see Opened::findings.
  //
  // Requires: nobody else uses the directory; `disk` outlives the Journal.
  static base::Result<Opened> open(io::Disk& disk, const Config& config,
                                   std::optional<raft::EntryId> snapshot = std::nullopt);
  static base::Result<Opened> open(std::unique_ptr<Storage> storage,
                                   std::optional<raft::EntryId> snapshot = std::nullopt);

  // Takes what `effects` has to save, install, truncate and append into the current batch. Touches
  // no disk. Requires: steps come in order; entries follow the last without a gap.
  void append(const raft::Effects& effects);

  // What append() gathered since the last sync(), in bytes on the disk.
  std::uint64_t pending_bytes() const { return storage_->pending_bytes(); }

  // Makes the batch durable. The Receipt covers all steps so far. An empty batch touches no disk.
  //
  // After an error nothing is known about the batch, and the Journal is dead: every later sync()
  // and tend() repeats the error. Open anew.
  base::Result<raft::Receipt> sync();

  // The entries up to `index` are in a durable snapshot, and may go, in tend().
  void drop_through(raft::LogIndex index) { storage_->drop_through(index); }

  // Housekeeping, a piece of a few milliseconds at most: room for batches to come, so that none of
  // them pays for it; the removal of what may go. True: there is more to do.
  base::Result<bool> tend();

 private:
  explicit Journal(std::unique_ptr<Storage> storage) : storage_(std::move(storage)) {}

  std::unique_ptr<Storage> storage_;
  raft::StepNumber step_;
  std::optional<base::Error> failure_;
};

struct Opened {
  Journal journal;
  raft::HardState hard_state;
  raft::EntryId base;  // The log begins after it.
  std::vector<raft::Entry> entries;
  raft::EntryId floor;  // No vote before the log is as up to date as this (Recovered::floor).
  std::vector<Finding> findings;
};

#ifdef SEAWORTHY_BROKEN
// Loses the last batch that was synced, for checkers to find (docs/raftkv.md).
base::Status forget_last_batch(io::Disk& disk, const Config& config);
#endif

}  // namespace journal
