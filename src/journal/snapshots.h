// SPDX-License-Identifier: Apache-2.0
// The snapshots of one server, beside its log in the same directory (docs/formats/snapshot.md).
//
//   begin(meta): add add ... finish(store)       taken here               .writing --rename-->
//   stage(last): append append ... finish(store) received from a leader   .staged  --rename-->
//
//   0000000000000042-0000000000000003.snapshot     up to entry 42 of term 3
//
// Its bytes say nothing of the node that wrote it: a leader sends the file as it is, in pieces of
// any size, and the receiver goes on where a lost connection, or a restart, broke off. What is
// named .snapshot is complete, durable and was verified; damage that comes later is found by open()
// or by the Reader, named, and never handed on. A log must not be compacted beyond newest().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "journal/snapshot_layout.h"
#include "journal/storage.h"

namespace journal {

inline constexpr std::uint64_t kSyncEvery = std::uint64_t{1}
                                            << 20U;  // So that no single sync is long.

class SnapshotWriter;
class SnapshotReader;
class SnapshotStage;

class SnapshotStore {
 public:
  // Reads and verifies what is there; removes what was never finished, but not what is staged.
  // Damage is no error: see findings(). InvalidArgument: of another cluster, or of a version that
  // this program does not know. Requires: `disk` outlives the store and all that it hands out.
  static base::Result<SnapshotStore> open(io::Disk& disk, std::uint64_t cluster);

  // The newest that is complete and good.
  const std::optional<SnapshotMeta>& newest() const { return newest_; }
  // Damaged files: not used, and removed once there is a newer one.
  const std::vector<Finding>& findings() const { return findings_; }
  // The farthest of them, if a new one must take its place. Nothing: newest() goes farther than all
  // that are damaged, which only have to go.
  std::optional<raft::LogIndex> damaged_through() const;
  // The snapshot `last` is not good behind byte `offset`, as a Reader found: damaged (Corrupt), or
  // the disk does not give it back (any other code).
  void on_damaged(raft::EntryId last, std::uint64_t offset, base::ErrorCode why);

  // At most one at a time. What is not finished is gone after a restart.
  base::Result<SnapshotWriter> begin(const SnapshotMeta& meta);
  // What was begun will not be finished: its file goes.
  base::Status abandon() { return remove_all(kWritingSuffix, std::nullopt); }

  // NotFound if there is none of this name.
  base::Result<SnapshotReader> read(raft::EntryId last) const;

  // To receive the snapshot `last`: goes on with what is here of it, when that has been resumed;
  // what is here of others goes.
  base::Result<SnapshotStage> stage(raft::EntryId last);

  // Removes those older than `last`, damaged ones, too. Does nothing unless `last` is newest(): two
  // are kept at most, and never none.
  base::Status remove_before(raft::EntryId last);

 private:
  friend class SnapshotWriter;
  friend class SnapshotStage;
  SnapshotStore(io::Disk& disk, std::uint64_t cluster) : disk_(&disk), cluster_(cluster) {}
  base::Status look_at(const std::string& name, raft::EntryId last);
  base::Status take(const std::string& name, const SnapshotMeta& meta);
  void on_named(const SnapshotMeta& meta);  // Durably.
  base::Status remove_all(std::string_view suffix, std::optional<raft::EntryId> but);

  io::Disk* disk_;
  std::uint64_t cluster_;
  std::optional<SnapshotMeta> newest_;
  std::vector<Finding> findings_;
};

class SnapshotWriter {
 public:
  // In pieces of any size, as the state machine yields them; costs what writing them costs.
  base::Status add(std::string_view bytes);
  // False: the disk has enough to do with what was added, ask again before the next piece. For
  // those who do not want to wait long, in finish(), for all of it.
  base::Result<bool> settle();
  // That was the last piece. True: the snapshot is durable and store.newest(). False: ask again.
  base::Result<bool> advance(SnapshotStore& store);
  // The same, and waits.
  base::Status finish(SnapshotStore& store);

 private:
  friend class SnapshotStore;
  SnapshotWriter(std::unique_ptr<io::File> file, SnapshotMeta meta)
      : file_(std::move(file)), meta_(std::move(meta)) {}
  base::Status write(std::string_view head, std::string_view data);
  base::Status write_chunk(std::string_view data);
  base::Status write_end();
  base::Result<bool> sync_some();

  // What there is to do yet.
  enum class Left : std::uint8_t { Pieces, Sync, Name, NameSync };
  Left left_ = Left::Pieces;
  std::unique_ptr<io::File> file_;
  SnapshotMeta meta_;
  std::uint32_t seed_ = 0;      // The header's checksum.
  std::uint64_t offset_ = 0;    // Of the file's end.
  std::uint64_t unsynced_ = 0;  // Bytes that are not known to be durable;
  std::uint64_t syncing_ = 0;   // the first of them soon will be: a sync is under way.
  std::string chunk_;           // Too short as yet to be written.
  SnapshotEnd end_;
};

// From the first byte to the last.
class SnapshotReader {
 public:
  const SnapshotMeta& meta() const { return meta_; }
  std::uint64_t size_bytes() const { return size_bytes_; }

  // For sending: up to `max` bytes of the file from `offset` on, as they are.
  base::Result<std::string> read_raw(std::uint64_t offset, std::uint64_t max) const;

  // For sending: are the pieces that begin before byte `end` good? If they come one after the
  // other; who begins elsewhere is told that they are. Corrupt: as next_piece().
  base::Status verify_through(std::uint64_t begin, std::uint64_t end);
  std::uint64_t good_bytes() const { return offset_; }

  // For restoring: the next piece of what was given to add(), verified. Nothing: that was all, and
  // the whole is good. Corrupt, with file and byte: what came before must not be used either.
  base::Result<std::optional<std::string>> next_piece();

 private:
  friend class SnapshotStore;
  friend class SnapshotStage;
  // Reads the header.
  static base::Result<SnapshotReader> open(std::string name, std::unique_ptr<io::File> file,
                                           std::uint64_t cluster, raft::EntryId last);
  SnapshotReader(std::string name, std::unique_ptr<io::File> file, std::uint64_t size_bytes)
      : name_(std::move(name)), file_(std::move(file)), size_bytes_(size_bytes) {}
  base::Status finish(std::string_view end);
  base::Status verify();  // All pieces from here on.
  base::Error corrupt(const std::string& what) const;

  std::string name_;
  std::unique_ptr<io::File> file_;
  std::uint64_t size_bytes_;
  SnapshotMeta meta_;
  std::uint32_t seed_ = 0;    // The header's checksum.
  std::uint64_t offset_ = 0;  // All before is good.
  bool finished_ = false;
  SnapshotEnd end_;
};

class SnapshotStage {
 public:
  // Where to go on: so many bytes are here.
  std::uint64_t size_bytes() const { return offset_; }

  // There is more from before a restart. A piece of it at a time, so that nobody waits for all of
  // it, is verified and written again; size_bytes() says how far that went. An error is as one of
  // append().
  bool is_resuming() const { return former_.has_value(); }
  base::Status resume();

  // The next bytes of the file, as read_raw() gave them. NoSpace: they may be tried again. After
  // any other error this stage is good for nothing: nobody knows what is durable of it. Stage anew.
  // Requires: is_resuming() is over.
  // What has become durable is read again and verified, a piece now and then, so that little is
  // left to do at the end.
  base::Status append(std::string_view raw);

  // Verifies the rest. When it returns the snapshot is durable and store.newest(). Corrupt: this
  // is no snapshot of that name; what was here is removed, begin anew.
  base::Result<SnapshotMeta> finish(SnapshotStore& store);

 private:
  friend class SnapshotStore;
  SnapshotStage(const SnapshotStore& store, raft::EntryId last, std::unique_ptr<io::File> file)
      : disk_(store.disk_), cluster_(store.cluster_), last_(last), file_(std::move(file)) {}
  base::Status begin_walk();
  base::Status walk_on();
  base::Status write_again(std::uint64_t size_bytes);
  base::Status sync();

  io::Disk* disk_;
  std::uint64_t cluster_;
  raft::EntryId last_;
  std::unique_ptr<io::File> file_;
  std::uint64_t offset_ = 0;
  std::uint64_t unsynced_ = 0;
  std::optional<SnapshotReader> former_;  // Over what was here.
  std::optional<SnapshotReader> walk_;    // Over what is good and durable.
  std::optional<base::Error> damage_;     // Why it went no further.
};

}  // namespace journal
