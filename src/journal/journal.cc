// SPDX-License-Identifier: Apache-2.0
#include "journal/journal.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "journal/layout.h"
#include "journal/mapped_log.h"
#include "journal/segment_log.h"
#include "journal/snapshot_layout.h"
#include "mutant/mutant.h"

namespace journal {

namespace {

Change change_of(const raft::Effects& effects) {
  std::optional<Rebase> rebase;
  if (effects.install) rebase = {effects.install->snapshot.last, effects.install->keeps_rest};
  return {effects.save, rebase, effects.truncate_from, effects.append, std::nullopt};
}

bool has(const Recovered& log, raft::EntryId id) {
  if (id.index < log.base.index || id.index > log.last().index) return false;
  if (id.index == log.base.index) return id == log.base;
  return log.entries[id.index.since(log.base.index.next())].id == id;
}

// A term is durable before a snapshot of it is: a log that knows only an earlier one has lost its
// end, and with it what nobody knows.
void look_for_a_lost_end(std::optional<raft::EntryId> snapshot, Recovered& log) {
  if (!snapshot || log.hard_state.term >= snapshot->term) return;
  const std::string reaches = "the snapshot up to entry " + std::to_string(snapshot->index.value());
  const bool is_new = log.hard_state == raft::HardState{};
  log.findings.push_back({"", std::nullopt,
                          is_new ? "the log is missing, though there is " + reaches
                                 : "the end of the log is missing: it ends in term " +
                                       std::to_string(log.hard_state.term.value()) + ", and " +
                                       reaches + " is of term " +
                                       std::to_string(snapshot->term.value()),
                          kUnknownFloor});
  log.floor = kUnknownFloor;
}

// What goes may have been promised, unless the snapshot has it, too.
void lose_what_hangs_in_the_air(Recovered& log) {
  log.findings.push_back({"", std::nullopt,
                          "entries up to " + std::to_string(log.base.index.value()) +
                              " are missing: no good snapshot holds them",
                          log.last()});
  log.floor = std::max(log.floor, log.last());
}

// Makes of a log and a snapshot that were not written together what a server can go on from.
base::Status reconcile(Storage& storage, std::optional<raft::EntryId> snapshot, Recovered& log) {
  const raft::EntryId end = snapshot.value_or(raft::EntryId{});
  const raft::EntryId floor = log.floor;
  const bool reaches_back = log.base.index <= end.index;
  look_for_a_lost_end(snapshot, log);
  if (!reaches_back) lose_what_hangs_in_the_air(log);
  Change change;
  const bool keeps = reaches_back && has(log, end);
  if (!keeps) change.rebase = Rebase{end, false};
  if (!keeps || log.floor != floor) change.floor = log.floor;
  if (change.empty()) return base::Done{};
  storage.append(change);
  TRY([[maybe_unused]] const base::Done durable, storage.sync());
  if (keeps) return base::Done{};
  log.base = end;
  log.entries.clear();
  return base::Done{};
}

}  // namespace

namespace {

struct LogFile {
  std::string name;
  Kind kind = Kind::Segments;
};

// The first of a log; nothing: there is none.
base::Result<std::optional<LogFile>> find_log_file(io::Disk& disk) {
  TRY(const std::vector<std::string> names, disk.list());
  for (const std::string& name : names) {
    if (name == MappedLog::kName) return std::optional(LogFile{name, Kind::Mapped});
    if (is_segment_name(name)) return std::optional(LogFile{name, Kind::Segments});
  }
  return std::optional<LogFile>();
}

}  // namespace

base::Result<std::optional<Kind>> find_log(io::Disk& disk) {
  TRY(const std::optional<LogFile> found, find_log_file(disk));
  return found ? std::optional(found->kind) : std::nullopt;
}

std::string_view file_of(std::string_view message) {
  const std::string_view name = message.substr(0, message.find(": "));
  const bool known = name == MappedLog::kName || is_segment_name(name) ||
                     snapshot_id(name, kSnapshotSuffix).has_value();
  return known && name.size() < message.size() ? name : std::string_view();
}

const Finding* reason_of(raft::EntryId floor, const std::vector<Finding>& findings) {
  const auto found = std::ranges::find(findings, floor, &Finding::floor);
  return found == findings.end() ? nullptr : &*found;
}

// A log of the other kind would be passed over, and with it a vote.
static base::Status expect_no_other_kind(io::Disk& disk, const Config& config) {
  TRY(const std::optional<LogFile> found, find_log_file(disk));
  if (!found || (found->kind == config.kind && !config.make_storage)) return base::Done{};
  return base::Error{base::ErrorCode::InvalidArgument,
                     found->name + ": of another kind of storage; it must be opened as " +
                         (found->kind == Kind::Mapped ? "mapped" : "segments")};
}

base::Result<Opened> Journal::open(io::Disk& disk, const Config& config,
                                   std::optional<raft::EntryId> snapshot) {
  TRY([[maybe_unused]] const base::Done fits, expect_no_other_kind(disk, config));
  if (config.make_storage) {
    std::unique_ptr<Storage> own = config.make_storage(disk);
    if (own != nullptr) return open(std::move(own), snapshot);
    return base::Error{base::ErrorCode::InvalidArgument, "make_storage made none"};
  }
  if (config.kind == Kind::Mapped) {
    return open(std::make_unique<MappedLog>(disk, config), snapshot);
  }
  return open(std::make_unique<SegmentLog>(disk, config), snapshot);
}

base::Result<Opened> Journal::open(std::unique_ptr<Storage> storage,
                                   std::optional<raft::EntryId> snapshot) {
  TRY(Recovered log, storage->recover());
  TRY([[maybe_unused]] const base::Done fits, reconcile(*storage, snapshot, log));
  // What was damaged is void since it was found; that it was is durable.
  if (log.floor == kUnknownFloor && reason_of(log.floor, log.findings) == nullptr) {
    log.findings.push_back(
        {"", std::nullopt, "the end of the log was lost, as was found before", kUnknownFloor});
  }
  return Opened{Journal(std::move(storage)), log.hard_state, log.base,
                std::move(log.entries),      log.floor,      std::move(log.findings)};
}

void Journal::append(const raft::Effects& effects) {
  CHECK(step_ <= effects.step, step_, effects.step);
  const Change change = change_of(effects);
  if (effects.drop_through && !failure_) drop_through(*effects.drop_through);
  if (failure_ || change.empty()) return;
  CHECK(step_ < effects.step, step_, effects.step);
  step_ = effects.step;
  storage_->append(change);
}

base::Result<raft::Receipt> Journal::sync() {
  if (failure_ && !MUTANT(DeadJournalRevives)) return *failure_;
  if (pending_bytes() < (MUTANT(SyncsByBytes) ? 64U : 1U)) return raft::Receipt(step_);
  const base::Status durable = storage_->sync();
  if (!durable.ok()) {
    failure_ = durable.error();
    return *failure_;
  }
  return raft::Receipt(step_);
}

base::Result<bool> Journal::tend() {
  if (failure_) return *failure_;
  base::Result<bool> more = storage_->tend();
  if (!more.ok()) failure_ = more.error();
  return more;
}

}  // namespace journal
