// SPDX-License-Identifier: Apache-2.0
// The snapshots of one server on their way: out of the state machine to the disk, from the disk to
// a follower, from a leader to the disk, from the disk into the state machine.
//
//   machine --begin, write_on--> .writing --> newest() --chunk--> follower
//   leader  --stage------------> .staged  --> newest() --restore--> machine
//
// Of what is long only a piece is done in one call, so that a big state never stops the server.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/disk.h"
#include "journal/snapshots.h"
#include "machine/state_machine.h"
#include "raft/effects.h"
#include "raft/input.h"

namespace replica {

class Snapshots {
 public:
  // Requires: `disk` outlives it.
  static base::Result<Snapshots> open(io::Disk& disk, std::uint64_t cluster);

  struct Newest {
    raft::SnapshotMeta meta;
    std::uint64_t total = 0;  // Bytes of its file.
  };
  const std::optional<Newest>& newest() const { return newest_; }
  const std::vector<journal::Finding>& findings() const { return store_.findings(); }
  // A new snapshot that goes so far, or farther, has to take the place of what is damaged.
  std::optional<raft::LogIndex> damaged_through() const { return store_.damaged_through(); }

  // Puts the state of newest() into `machine`. Requires: there is one.
  base::Status restore(machine::StateMachine& machine) const;

  bool is_writing() const { return writing_.has_value(); }
  // The disk is at work: to go on at once is of no use.
  bool is_waiting() const { return writing_ && writing_->waits; }
  // Begins to write the state of `machine`, in which exactly the entries up to meta.last are
  // applied. False: the machine has no snapshots. Requires: none is being written.
  base::Result<bool> begin(machine::StateMachine& machine, const raft::SnapshotMeta& meta);
  // Writes about so many bytes more; true when that was the last piece, and newest() is this one.
  // Requires: one is being written.
  base::Result<bool> write_on(std::size_t about_bytes);
  // What is being written is of no use any more.
  void stop_writing() { writing_.reset(); }
  // It cannot be written: what there is of it gives its room back.
  base::Status abandon();

  // With its data. Nothing if there is no such snapshot (any more), it is damaged, or it cannot be
  // opened now; Io: the disk does not give it back, which counts for damage, too.
  base::Result<std::optional<raft::SnapshotChunk>> fill(const raft::SendChunk& wanted);
  base::Result<raft::Staged> stage(const raft::SnapshotChunk& chunk);

  // The older ones are of no use any more, if `oldest_in_use` says so.
  base::Status tidy(std::optional<raft::LogIndex> oldest_in_use);

 private:
  struct Writing {
    raft::SnapshotMeta meta;
    std::unique_ptr<machine::Snapshot> state;
    journal::SnapshotWriter file;
    bool ended = false;  // All of `state` is in the file.
    bool waits = false;
  };
  struct Staging {
    raft::EntryId last;
    journal::SnapshotStage file;
  };

  explicit Snapshots(journal::SnapshotStore store) : store_(std::move(store)) {}
  base::Status look();
  base::Result<std::string> read_verified(const raft::SendChunk& wanted);
  base::Result<bool> is_settled();
  // Begins, or resumes a piece of what came before a restart.
  base::Status go_on_staging(raft::EntryId last);

  journal::SnapshotStore store_;
  std::optional<Newest> newest_;
  bool untidy_ = false;
  std::optional<Writing> writing_;
  std::optional<Staging> staging_;
  // Of what is sent, by who gets it: each piece is verified on its way to everybody.
  std::map<raft::NodeId, journal::SnapshotReader> readers_;
};

}  // namespace replica
