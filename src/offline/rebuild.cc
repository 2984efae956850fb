// SPDX-License-Identifier: Apache-2.0
#include "offline/rebuild.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "journal/snapshots.h"
#include "os/directory.h"

namespace offline {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;

base::Status write_state(io::Disk& disk, const Data& data, const NewCluster& target,
                         raft::EntryId last) {
  raft::Configuration configuration;
  configuration.voters = {target.self};
  TRY([[maybe_unused]] const base::Done valid, raft::validate(configuration));
  TRY(journal::SnapshotStore store, journal::SnapshotStore::open(disk, target.cluster));
  TRY(journal::SnapshotWriter writer, store.begin({last, raft::encode(configuration)}));
  const std::unique_ptr<machine::Snapshot> state = data.sessions->snapshot();
  for (std::string piece = state->next(kPieceBytes); !piece.empty();
       piece = state->next(kPieceBytes)) {
    TRY([[maybe_unused]] const base::Done added, writer.add(piece));
  }
  return writer.finish(store);
}

// A snapshot is never of a later term than the log beside it.
base::Status begin_log(io::Disk& disk, const journal::Config& config, raft::Term term) {
  TRY(journal::Opened opened, journal::Journal::open(disk, config));
  raft::Effects effects;
  effects.step = raft::StepNumber(1);
  effects.save = raft::HardState{term, std::nullopt};
  opened.journal.append(effects);
  TRY([[maybe_unused]] const raft::Receipt durable, opened.journal.sync());
  return base::Done{};
}

}  // namespace

base::Status rebuild(const Data& data, const NewCluster& target) {
  if (data.applied == raft::LogIndex()) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       "there is not one entry to begin a new cluster with"};
  }
  TRY(const std::unique_ptr<os::Directory> disk, os::Directory::lock(target.directory));
  TRY(const std::vector<std::string> names, disk->list());
  if (!names.empty()) {
    return base::Error{
        base::ErrorCode::InvalidArgument,
        target.directory + " holds " + names.front() + ": expected a new or an empty directory"};
  }
  // Damage may have taken the term.
  const raft::Term term = std::max(data.hard_state.term, data.last.term);
  const raft::EntryId last{term.next(), data.applied};
  journal::Config config;
  config.cluster = target.cluster;
  config.node = target.self.id;
  config.kind = target.kind;
  TRY([[maybe_unused]] const base::Done begun, begin_log(*disk, config, last.term));
  TRY([[maybe_unused]] const base::Done written, write_state(*disk, data, target, last));
  TRY([[maybe_unused]] const journal::Opened opened, journal::Journal::open(*disk, config, last));
  return base::Done{};
}

}  // namespace offline
