// SPDX-License-Identifier: Apache-2.0
// The durable log of one server: term, vote and entries in one stream of frames, each a batch of
// steps that reaches the disk as a whole or not at all (docs/formats/journal.md).
//
//   TRY(journal::Opened opened, journal::Journal::open(disk, config));
//   Node node(..., opened.hard_state, opened.entries);
//   journal.append(effects); journal.append(effects);     // Steps, in order.
//   TRY(const raft::Receipt receipt, journal.sync());     // One write, one sync.
//
//   0000000000000001.journal   [header][frame][frame] ... [seal]
//   0000000000000002.journal   [header][frame][frame][torn: cut off by the next open]
//
// Only the end of the last segment can be unfinished. Damage anywhere else is reported with file
// and byte, never repaired: what is missing may have been promised to others.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "raft/durable.h"
#include "raft/effects.h"

namespace journal {

struct Config {
  // Whose log this is. A segment of another server or cluster is refused.
  std::uint64_t cluster = 0;
  raft::NodeId node;
  // A new segment begins when the next frame would make this one longer. One frame is never split,
  // so that a single huge batch may make a segment of its own size.
  std::uint64_t segment_bytes = std::uint64_t{64} * 1024 * 1024;
#ifdef SEAWORTHY_BROKEN
  bool no_sync = false;
#endif
};

struct Opened;

class Journal {
 public:
  // Reads what is there, or begins a new log in an empty directory. What it returns is durable,
  // also if the last process died or saw its sync fail.
  //
  // Corrupt: damage other than an unfinished end. InvalidArgument: not this server's log, or of
  // a version this program does not know. Io: the disk said no.
  //
  // Requires: nobody else uses the directory; `disk` outlives the Journal.
  static base::Result<Opened> open(io::Disk& disk, const Config& config);

  Journal(Journal&&) noexcept;
  Journal& operator=(Journal&&) noexcept;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal();

  // Takes what `effects` has to save, truncate and append into the current batch. Touches no disk.
  // Requires: steps come in order; entries follow the last without a gap.
  void append(const raft::Effects& effects);

  // What append() gathered since the last sync(), in bytes on the disk.
  std::uint64_t pending_bytes() const;

  // Makes the batch durable: one write and one sync, more only when a segment begins. The Receipt
  // covers all steps so far. An empty batch touches no disk.
  //
  // After an error nothing is known about the batch, and the Journal is dead: every later sync()
  // repeats the error (after a failed fsync, a second one that succeeds proves nothing). Open anew.
  base::Result<raft::Receipt> sync();

 private:
  class State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct Opened {
  Journal journal;
  raft::HardState hard_state;
  std::vector<raft::Entry> entries;  // From index 1 on, without a gap.
};

}  // namespace journal
