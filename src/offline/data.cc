// SPDX-License-Identifier: Apache-2.0
#include "offline/data.h"

#include <utility>

#include "base/json_writer.h"
#include "journal/journal.h"
#include "journal/recovery.h"
#include "journal/snapshots.h"
#include "offline/scratch_disk.h"
#include "resp/reply_writer.h"
#include "resp/request_parser.h"
#include "session/sessions.h"

namespace offline {
namespace {

// Restores the newest snapshot. A piece that turns out damaged is a finding, like others.
base::Status restore(const journal::SnapshotStore& store, session::Sessions& sessions, Data& data) {
  TRY(journal::SnapshotReader reader, store.read(store.newest()->last));
  const std::unique_ptr<machine::Restore> into = sessions.begin_restore();
  while (true) {
    TRY(const std::optional<std::string> piece, reader.next_piece());
    if (!piece) break;
    TRY([[maybe_unused]] const base::Done added, into->add(*piece));
  }
  TRY([[maybe_unused]] const base::Done finished, into->finish());
  data.snapshot = store.newest()->last;
  data.applied = data.snapshot->index;
  return base::Done{};
}

void apply(const std::vector<raft::Entry>& entries, std::optional<raft::LogIndex> through,
           session::Sessions& sessions, Data& data) {
  std::vector<machine::Answer> answers;
  for (const raft::Entry& entry : entries) {
    if (entry.id.index <= data.applied) continue;
    if (entry.id.index != data.applied.next() || (through && entry.id.index > *through)) return;
    if (entry.kind == raft::EntryKind::Command) {
      answers.clear();
      sessions.apply(std::span(&entry, 1), answers);
    }
    data.applied = entry.id.index;
  }
}

// No server takes more at once, though APPEND makes longer values.
constexpr std::size_t kArgumentBytes = resp::RequestLimits{}.argument_bytes;

void append_command(std::string_view name, std::string_view key, std::string_view argument,
                    std::string& out) {
  resp::ReplyWriter writer(resp::Version::Two, out);
  writer.array(3);
  writer.bulk(name);
  writer.bulk(key);
  writer.bulk(argument);
}

std::string text(raft::EntryId id) {
  return std::to_string(id.index.value()) + " of term " + std::to_string(id.term.value());
}

// The state after `through` can be told.
base::Status expect_known(std::optional<raft::LogIndex> through, const Data& data,
                          const std::string& directory) {
  const auto refuse = [&](const std::string& why) {
    return base::Error{base::ErrorCode::InvalidArgument, directory + ": " + why};
  };
  if (through && data.snapshot && *through < data.snapshot->index) {
    return refuse("the snapshot goes up to entry " + std::to_string(data.snapshot->index.value()) +
                  ": no earlier state is known");
  }
  if (through && *through > data.last.index) {
    return refuse("the log ends with entry " + std::to_string(data.last.index.value()));
  }
  return base::Done{};
}

std::string entries(const Data& data) {
  if (data.last.index == raft::LogIndex()) return "no entries";
  if (data.last == data.first) return "no entries behind entry " + text(data.last);
  return "log from entry " + std::to_string(data.first.index.value() + 1) + " to entry " +
         text(data.last);
}

std::string told(const journal::Finding& finding, const std::string& directory) {
  return directory + (finding.file.empty() ? ": " : "/") + finding.sentence();
}

// What the damage means for the node.
std::string outlook(const Data& data) {
  if (data.floor == raft::EntryId{}) return {};
  if (data.floor == journal::kUnknownFloor) {
    return "an unknown part of the log is lost, and what it promised: this node never comes back; "
           "add a node with a new id, and remove this one";
  }
  return "entries up to " + text(data.floor) +
         " may be lost: until a leader has sent them again, this node neither votes nor leads";
}

}  // namespace

base::Result<Data> read(const Whose& whose, std::optional<raft::LogIndex> through) {
  TRY(const std::unique_ptr<ScratchDisk> disk, ScratchDisk::over(whose.directory));
  journal::Config config;
  config.cluster = whose.cluster;
  config.node = whose.node;
  TRY(const std::optional<journal::Kind> kind, journal::find_log(*disk));
  config.kind = kind.value_or(config.kind);
  Data data;
  data.kind = config.kind;
  data.machine = std::make_unique<kv::Machine>();
  data.sessions = std::make_unique<session::Sessions>(*data.machine, session::Limits{});
  TRY(const journal::SnapshotStore store, journal::SnapshotStore::open(*disk, whose.cluster));
  data.findings = store.findings();
  if (!kind && !store.newest() && data.findings.empty()) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       whose.directory + " holds no log of raftkv"};
  }
  if (store.newest()) {
    if (const base::Status restored = restore(store, *data.sessions, data); !restored.ok()) {
      data.findings.push_back(
          {journal::snapshot_name(store.newest()->last, journal::kSnapshotSuffix), std::nullopt,
           restored.error().message});
    }
  }
  TRY(const journal::Opened opened, journal::Journal::open(*disk, config, data.snapshot));
  data.findings.insert(data.findings.end(), opened.findings.begin(), opened.findings.end());
  data.hard_state = opened.hard_state;
  data.first = opened.base;
  data.last = opened.entries.empty() ? opened.base : opened.entries.back().id;
  data.floor = opened.floor;
  TRY([[maybe_unused]] const base::Done known, expect_known(through, data, whose.directory));
  apply(opened.entries, through, *data.sessions, data);
  return data;
}

std::string description(const Data& data, const std::string& directory) {
  std::string all = directory + ": term " + std::to_string(data.hard_state.term.value());
  if (data.hard_state.vote) {
    all += ", voted for node " + std::to_string(data.hard_state.vote->value);
  }
  all += "\n";
  if (data.snapshot) all += directory + ": snapshot up to entry " + text(*data.snapshot) + "\n";
  all += directory + ": " + entries(data) + "\n";
  all += directory + ": " + std::to_string(data.machine->size()) + " keys after entry " +
         std::to_string(data.applied.value()) + "\n";
  for (const journal::Finding& finding : data.findings) all += told(finding, directory) + "\n";
  if (const std::string means = outlook(data); !means.empty()) {
    all += directory + ": " + means + "\n";
  }
  return all + directory + (data.is_damaged() ? ": damaged\n" : ": good\n");
}

std::string damage(const Data& data, const std::string& directory) {
  const journal::Finding* reason = journal::reason_of(data.floor, data.findings);
  const std::string what =
      reason == nullptr ? directory + ": " + outlook(data) : told(*reason, directory);
  const std::string through = "entry " + std::to_string(data.applied.value());
  const bool whole = data.floor == raft::EntryId{};
  return what + (whole ? "; all up to " + through + " is in the export"
                       : "; what lies behind " + through + " is not in the export");
}

void append_pair(std::string_view key, std::string_view value, Format format, std::string& out) {
  if (format == Format::Json) {
    base::JsonWriter(out).begin_object().member("key", key).member("value", value).end_object();
    out += '\n';
    return;
  }
  append_command("SET", key, value.substr(0, kArgumentBytes), out);
  for (std::size_t at = kArgumentBytes; at < value.size(); at += kArgumentBytes) {
    append_command("APPEND", key, value.substr(at, kArgumentBytes), out);
  }
}

}  // namespace offline
