// SPDX-License-Identifier: Apache-2.0
#include "journal/record.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "mutant/mutant.h"

namespace journal {

namespace {

enum class Tag : std::uint8_t {
  HardState = 1,
  Truncate = 2,
  Entry = 3,
  Base = 5,
  Link = 6,
  Floor = 7
};

constexpr std::uint8_t kLastKind = 2;  // raft::EntryKind: no-op, command, configuration.

void write(Tag tag, base::ByteWriter& out) { out.u8(static_cast<std::uint8_t>(tag)); }

void write_id(raft::EntryId id, base::ByteWriter& out) {
  out.u64(id.term.value());
  out.u64(id.index.value());
}

void write_entry(const raft::Entry& entry, base::ByteWriter& out) {
  CHECK((entry.payload == nullptr) == (entry.kind == raft::EntryKind::Noop), entry.id.index);
  write(Tag::Entry, out);
  write_id(entry.id, out);
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

raft::EntryId read_id(base::ByteReader& in) {
  const raft::Term term(position(in));
  return {term, raft::LogIndex(position(in))};
}

void play_hard_state(base::ByteReader& in, Replay& replay) {
  const std::size_t at = in.position();
  raft::HardState state{raft::Term(position(in)), std::nullopt};
  const bool voted = in.boolean();
  const raft::NodeId vote{in.u32()};
  if (voted && !MUTANT(RecordedVoteIsNotRead)) state.vote = vote;
  if (state.term < replay.hard_state.term) in.refuse(at, "the term goes back");
  if (in.ok()) replay.hard_state = state;
}

// As Outline::lift_floor().
void lift_floor(Replay& replay) {
  if (replay.last() >= replay.floor) replay.floor = {};
}

void play_base(base::ByteReader& in, Replay& replay) {
  const std::size_t at = in.position();
  const raft::EntryId id = read_id(in);
  const bool keeps_rest = in.boolean();
  if (in.ok()) replay.highest = std::max(replay.highest, id.index);
  if (keeps_rest && id.index <= replay.base.index) return;
  if (keeps_rest && id.index > replay.last().index) in.refuse(at, "a base is behind the log");
  if (!in.ok()) return;
  const auto gone = static_cast<std::ptrdiff_t>(keeps_rest ? id.index.since(replay.base.index)
                                                           : replay.entries.size());
  replay.entries.erase(replay.entries.begin(), replay.entries.begin() + gone);
  replay.base = id;
  lift_floor(replay);
}

void play_truncate(base::ByteReader& in, Replay& replay) {
  const std::size_t at = in.position();
  const raft::LogIndex from(position(in));
  const raft::Term before(position(in));
  if (from == raft::LogIndex() || from > replay.last().index.next()) {
    in.refuse(at, "a truncation is outside of the log");
  }
  if (!in.ok()) return;
  if (from > replay.base.index) {
    replay.entries.resize(from.since(replay.base.index.next()));
  } else if (replay.compacted) {
    replay.entries.clear();
    replay.base = {before, raft::LogIndex(from.value() - 1)};
  } else {
    in.refuse(at, "a truncation is outside of the log");
  }
  if (in.ok() && replay.last().term != before) in.refuse(at, "a truncation fits another log");
}

void play_entry(base::ByteReader& in, Replay& replay) {
  const std::size_t at = in.position();
  const raft::EntryId id = read_id(in);
  const std::size_t kind_at = in.position();
  const std::uint8_t kind = in.u8();
  const std::string_view payload = in.sized();
  if (id.index != replay.last().index.next()) {
    in.refuse(at, "an entry does not follow the last one");
  }
  const bool noop = kind == static_cast<std::uint8_t>(raft::EntryKind::Noop);
  if (kind > kLastKind || (noop && !payload.empty())) in.refuse(kind_at, "unknown kind of entry");
  if (!in.ok()) return;
  replay.entries.push_back({id, static_cast<raft::EntryKind>(kind),
                            noop ? nullptr : std::make_shared<const std::string>(payload)});
  replay.highest = std::max(replay.highest, id.index);
  lift_floor(replay);
}

void play_link(base::ByteReader& in, const Replay& replay) {
  const std::size_t at = in.position();
  const std::string_view bytes = in.bytes(kLinkBytes);
  if (!in.ok()) return;
  const std::optional<Link> link = decode_link(bytes);
  if (!link || link->state.hard_state != replay.hard_state || link->state.last != replay.last()) {
    in.refuse(at, "a segment begins with another log");
  }
}

void play_record(base::ByteReader& in, Replay& replay) {
  switch (static_cast<Tag>(in.u8())) {
    case Tag::HardState:
      return play_hard_state(in, replay);
    case Tag::Truncate:
      return play_truncate(in, replay);
    case Tag::Entry:
      return play_entry(in, replay);
    case Tag::Base:
      return play_base(in, replay);
    case Tag::Link:
      return play_link(in, replay);
    case Tag::Floor:
      replay.floor = read_id(in);
      lift_floor(replay);
      return;
  }
  in.refuse(in.position() - 1, "unknown record");
}

}  // namespace

void write_records(const Change& change, std::string& body, Outline& outline) {
  base::ByteWriter out(body);
  outline.apply(change);
  const bool skipped = MUTANT(TermIsLostWhereTheLogIsCut) && change.truncate_from;
  if (change.save && !skipped) {
    write(Tag::HardState, out);
    out.u64(change.save->term.value());
    out.boolean(change.save->vote.has_value());
    out.u32(change.save->vote.value_or(raft::NodeId{}).value);
  }
  if (change.rebase) {
    write(Tag::Base, out);
    write_id(change.rebase->last, out);
    out.boolean(change.rebase->keeps_rest);
  }
  if (change.floor) {
    write(Tag::Floor, out);
    write_id(*change.floor, out);
  }
  if (change.truncate_from) {
    const raft::LogIndex from = *change.truncate_from;
    write(Tag::Truncate, out);
    out.u64(from.value());
    out.u64(outline.term_at(raft::LogIndex(from.value() - 1)).value());
  }
  for (const raft::Entry& entry : change.append) write_entry(entry, out);
}

std::string link_record(const Link& link) {
  std::string body(1, static_cast<char>(Tag::Link));
  encode(link, body);
  return body;
}

std::optional<Link> read_link_record(std::string_view body) {
  if (body.size() <= kLinkBytes || body[0] != static_cast<char>(Tag::Link)) return std::nullopt;
  return decode_link(body.substr(1, kLinkBytes));
}

base::Status play(std::string_view body, std::uint64_t origin, Replay& replay) {
  base::ByteReader in(body);
  while (in.ok() && in.remaining() > 0) play_record(in, replay);
  return in.finish("record", origin);
}

}  // namespace journal
