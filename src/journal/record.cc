// SPDX-License-Identifier: Apache-2.0
#include "journal/record.h"

#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "mutant/mutant.h"

namespace journal {

namespace {

// 5 is kept for the base of a log that begins after a snapshot, 6 for configurations.
enum class Tag : std::uint8_t { HardState = 1, Truncate = 2, Entry = 3, Seal = 4 };

void write(Tag tag, base::ByteWriter& out) { out.u8(static_cast<std::uint8_t>(tag)); }

void write_entry(const raft::Entry& entry, base::ByteWriter& out) {
  CHECK((entry.payload == nullptr) == (entry.kind == raft::EntryKind::Noop), entry.id.index);
  write(Tag::Entry, out);
  out.u64(entry.id.term.value());
  out.u64(entry.id.index.value());
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.sized(entry.payload == nullptr ? std::string_view() : *entry.payload);
}

std::uint64_t position(base::ByteReader& in) {
  const std::size_t at = in.position();
  const std::uint64_t value = in.u64();
  if (value <= kMaxPosition) return value;
  in.refuse(at, "a term or index is beyond 2^62");
  return 0;
}

void play_hard_state(base::ByteReader& in, Replay& replay) {
  const std::size_t at = in.position();
  raft::HardState state{raft::Term(position(in)), std::nullopt};
  const bool voted = in.boolean();
  const raft::NodeId vote{in.u32()};
  if (voted && !MUTANT(RecordedVoteIsNotRead)) state.vote = vote;
  if (state.term < replay.hard_state.term) in.refuse(at, "the term goes back");
  replay.hard_state = state;
}

void play_truncate(base::ByteReader& in, Replay& replay) {
  const std::size_t at = in.position();
  const raft::LogIndex from(position(in));
  if (from <= replay.base.index || from > replay.summary().next) {
    in.refuse(at, "a truncation is outside of the log");
    return;
  }
  replay.entries.resize(from.since(replay.base.index.next()));
}

void play_entry(base::ByteReader& in, Replay& replay) {
  const std::size_t at = in.position();
  const raft::Term term(position(in));
  const raft::LogIndex index(position(in));
  const std::size_t kind_at = in.position();
  const auto kind = static_cast<raft::EntryKind>(in.u8());
  const std::string_view payload = in.sized();
  if (index != replay.summary().next) in.refuse(at, "an entry does not follow the last one");
  if (kind != raft::EntryKind::Command && (kind != raft::EntryKind::Noop || !payload.empty())) {
    in.refuse(kind_at, "unknown kind of entry");
  }
  if (!in.ok()) return;
  const bool has_payload = kind == raft::EntryKind::Command;
  replay.entries.push_back(
      {{term, index}, kind, has_payload ? std::make_shared<const std::string>(payload) : nullptr});
}

void play_record(base::ByteReader& in, Replay& replay) {
  switch (static_cast<Tag>(in.u8())) {
    case Tag::HardState:
      return play_hard_state(in, replay);
    case Tag::Truncate:
      return play_truncate(in, replay);
    case Tag::Entry:
      return play_entry(in, replay);
    case Tag::Seal:
      replay.sealed = true;
      return;
  }
  in.refuse(in.position() - 1, "unknown record");
}

}  // namespace

void write_records(const raft::Effects& effects, std::string& body, Summary& summary) {
  base::ByteWriter out(body);
  const bool skipped = MUTANT(TermIsLostWhereTheLogIsCut) && effects.truncate_from;
  if (effects.save && !skipped) {
    write(Tag::HardState, out);
    out.u64(effects.save->term.value());
    out.boolean(effects.save->vote.has_value());
    out.u32(effects.save->vote.value_or(raft::NodeId{}).value);
    summary.hard_state = *effects.save;
  }
  if (effects.truncate_from) {
    const raft::LogIndex from = *effects.truncate_from;
    CHECK(from > summary.base.index && from <= summary.next, from, summary.next);
    write(Tag::Truncate, out);
    out.u64(from.value());
    summary.next = from;
  }
  for (const raft::Entry& entry : effects.append) {
    CHECK(entry.id.index == summary.next, entry.id.index, summary.next);
    write_entry(entry, out);
    summary.next = summary.next.next();
  }
}

std::string seal_record() { return {static_cast<char>(Tag::Seal)}; }

Summary Replay::summary() const {
  return {hard_state, base, base.index.next().plus(entries.size())};
}

base::Status play(std::string_view body, std::uint64_t origin, Replay& replay) {
  base::ByteReader in(body);
  while (in.ok() && in.remaining() > 0 && !replay.sealed) play_record(in, replay);
  return in.finish("record", origin);
}

}  // namespace journal
