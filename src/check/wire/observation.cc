// SPDX-License-Identifier: Apache-2.0
#include "check/wire/observation.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/json_cursor.h"
#include "base/json_writer.h"

namespace check::wire {

namespace {

using base::JsonCursor;

constexpr base::JsonLimits kLineLimits = {.depth = 8, .size_bytes = std::size_t{64} << 20U};
constexpr std::size_t kHashDigits = 16;

std::string hash_text(std::uint64_t hash) {
  std::string text(kHashDigits, '0');
  for (std::size_t at = kHashDigits; at > 0; --at, hash >>= 4U) {
    text[at - 1] = "0123456789abcdef"[hash & 15U];
  }
  return text;
}

void write_entries(base::JsonWriter& writer, const std::vector<Entry>& entries) {
  writer.name("entries").begin_array();
  for (const Entry& entry : entries) {
    writer.begin_object();
    writer.member("index", entry.index.value()).member("term", entry.term.value());
    writer.member("kind", name(entry.kind)).member("hash", hash_text(entry.hash));
    writer.member("bytes", entry.bytes).end_object();
  }
  writer.end_array();
}

void write_text(base::JsonWriter& writer, std::string_view key, const std::string& text) {
  if (!text.empty()) writer.member(key, std::string_view(text));
}

template <class Line>
void write_ordinal(base::JsonWriter& writer, std::string_view key,
                   const std::optional<base::Ordinal<Line>>& value) {
  if (value) writer.member(key, value->value());
}

// What a line can hold; each at most once. Those up to Type must be there.
enum class Member : std::uint32_t {
  Id,
  Time,
  From,
  To,
  Conn,
  Protocol,
  Type,
  Opened,
  Unordered,
  Name,
  Group,
  Sender,
  Receiver,
  Term,
  TermEntered,
  PrevIndex,
  PrevTerm,
  Entries,
  Commit,
  Success,
  Match,
  LastIndex,
  LastTerm,
  Transfer,
  Context,
  Action,
};

constexpr std::array<std::string_view, 26> kMembers = {
    "id",           "time",       "from",      "to",      "conn",   "protocol", "type",
    "opened",       "unordered",  "name",      "group",   "sender", "receiver", "term",
    "term_entered", "prev_index", "prev_term", "entries", "commit", "success",  "match",
    "last_index",   "last_term",  "transfer",  "context", "action"};

constexpr std::array<std::string_view, 5> kEntryMembers = {"index", "term", "kind", "hash",
                                                           "bytes"};

template <std::size_t kCount>
std::optional<std::size_t> position(const std::array<std::string_view, kCount>& names,
                                    std::string_view name) {
  for (std::size_t at = 0; at < kCount; ++at) {
    if (names[at] == name) return at;
  }
  return std::nullopt;
}

class LineReader {
 public:
  explicit LineReader(std::string_view line) : cursor_(line, kLineLimits) {}

  base::Result<Observation> read();

 private:
  void read_member(Member member);
  void read_statement(Member member);
  history::NodeId read_node();
  void read_protocol();
  void read_type();
  void read_entries();
  void read_entry(Entry& entry);
  std::uint64_t read_hash();

  template <class Line>
  void read_ordinal(std::optional<base::Ordinal<Line>>& value) {
    value = base::Ordinal<Line>(cursor_.natural());
  }

  JsonCursor cursor_;
  Observation observation_;
  std::string text_;
};

base::Result<Observation> LineReader::read() {
  std::uint32_t seen = 0;
  std::string name;
  cursor_.enter_object();
  while (cursor_.next_member(name)) {
    const std::optional<std::size_t> member = position(kMembers, name);
    if (!member) {
      cursor_.skip();
      continue;
    }
    const std::uint32_t bit = std::uint32_t{1} << *member;
    if ((seen & bit) != 0) cursor_.reject("\"" + name + "\" only once");
    seen |= bit;
    read_member(static_cast<Member>(*member));
  }
  TRY([[maybe_unused]] const base::Done done, cursor_.finish());
  for (std::size_t at = 0; at <= static_cast<std::size_t>(Member::Type); ++at) {
    if ((seen >> at & 1U) == 0) {
      return base::Error{base::ErrorCode::Corrupt,
                         "expected a member \"" + std::string(kMembers[at]) + "\""};
    }
  }
  return std::move(observation_);
}

void LineReader::read_member(Member member) {  // NOLINT(readability-function-size)
  switch (member) {
    case Member::Id:
      observation_.id = cursor_.natural();
      return;
    case Member::Time:
      observation_.time_ns = cursor_.natural();
      return;
    case Member::From:
      observation_.from = read_node();
      return;
    case Member::To:
      observation_.to = read_node();
      return;
    case Member::Conn:
      observation_.connection = cursor_.natural();
      return;
    case Member::Opened:
      observation_.opened_ns = cursor_.natural();
      return;
    case Member::Unordered:
      observation_.unordered = cursor_.boolean();
      return;
    case Member::Protocol:
      return read_protocol();
    case Member::Type:
      return read_type();
    case Member::Name:
      return cursor_.string(observation_.message.name);
    case Member::Group:
      return cursor_.string(observation_.message.group);
    case Member::Sender:
      return cursor_.string(observation_.message.sender);
    case Member::Receiver:
      return cursor_.string(observation_.message.receiver);
    case Member::Action:
      return cursor_.string(observation_.action);
    case Member::Term:
    case Member::TermEntered:
    case Member::PrevIndex:
    case Member::PrevTerm:
    case Member::Entries:
    case Member::Commit:
    case Member::Success:
    case Member::Match:
    case Member::LastIndex:
    case Member::LastTerm:
    case Member::Transfer:
    case Member::Context:
      return read_statement(member);
  }
}

void LineReader::read_statement(Member member) {
  Message& message = observation_.message;
  if (member == Member::Term) return read_ordinal(message.term);
  if (member == Member::PrevIndex) return read_ordinal(message.prev_index);
  if (member == Member::PrevTerm) return read_ordinal(message.prev_term);
  if (member == Member::Commit) return read_ordinal(message.commit);
  if (member == Member::Match) return read_ordinal(message.match);
  if (member == Member::LastIndex) return read_ordinal(message.last_index);
  if (member == Member::LastTerm) return read_ordinal(message.last_term);
  if (member == Member::Entries) return read_entries();
  if (member == Member::TermEntered) message.term_entered = cursor_.boolean();
  if (member == Member::Success) message.success = cursor_.boolean();
  if (member == Member::Transfer) message.transfer = cursor_.boolean();
  if (member == Member::Context) message.context = cursor_.natural();
}

history::NodeId LineReader::read_node() {
  const std::uint64_t value = cursor_.natural();
  const auto node = static_cast<std::uint32_t>(value);
  if (node != value) cursor_.reject("a node's number");
  return history::NodeId{node};
}

void LineReader::read_protocol() {
  cursor_.string(text_);
  const std::optional<Protocol> known = protocol(text_);
  if (!known) cursor_.reject("a protocol's name");
  observation_.protocol = known.value_or(Protocol::Raftkv);
}

void LineReader::read_type() {
  cursor_.string(text_);
  const std::optional<MessageType> known = message_type(text_);
  if (!known) cursor_.reject("a message's type");
  observation_.message.type = known.value_or(MessageType::Other);
}

void LineReader::read_entries() {
  cursor_.enter_array();
  while (cursor_.next_element()) read_entry(observation_.message.entries.emplace_back());
}

void LineReader::read_entry(Entry& entry) {
  std::uint32_t seen = 0;
  std::string name;
  cursor_.enter_object();
  while (cursor_.next_member(name)) {
    const std::optional<std::size_t> member = position(kEntryMembers, name);
    if (!member) {
      cursor_.skip();
      continue;
    }
    const std::uint32_t bit = std::uint32_t{1} << *member;
    if ((seen & bit) != 0) cursor_.reject("\"" + name + "\" only once");
    seen |= bit;
    if (*member == 0) entry.index = Index(cursor_.natural());
    if (*member == 1) entry.term = Term(cursor_.natural());
    if (*member == 2) {
      cursor_.string(text_);
      const std::optional<EntryKind> kind = entry_kind(text_);
      if (!kind) cursor_.reject(R"("command", "noop", "configuration" or "other")");
      entry.kind = kind.value_or(EntryKind::Other);
    }
    if (*member == 3) entry.hash = read_hash();
    if (*member == 4) entry.bytes = cursor_.natural();
  }
  constexpr std::uint32_t kNeeded = 0b1111;
  if ((seen & kNeeded) != kNeeded) {
    cursor_.reject(R"("index", "term", "kind" and "hash" of each entry)");
  }
}

std::uint64_t LineReader::read_hash() {
  cursor_.string(text_);
  std::uint64_t hash = 0;
  const char* end = text_.data() + text_.size();
  const auto [stop, error] = std::from_chars(text_.data(), end, hash, 16);
  if (text_.size() != kHashDigits || error != std::errc() || stop != end) {
    cursor_.reject("16 hexadecimal digits");
  }
  return hash;
}

}  // namespace

void append_line(std::string& out, const Observation& observation) {
  const Message& message = observation.message;
  base::JsonWriter writer(out);
  writer.begin_object();
  writer.member("id", observation.id).member("time", observation.time_ns);
  writer.member("from", observation.from.value).member("to", observation.to.value);
  writer.member("conn", observation.connection);
  if (observation.opened_ns) writer.member("opened", *observation.opened_ns);
  if (observation.unordered) writer.member("unordered", true);
  writer.member("protocol", name(observation.protocol)).member("type", name(message.type));
  write_text(writer, "name", message.name);
  write_text(writer, "group", message.group);
  write_text(writer, "sender", message.sender);
  write_text(writer, "receiver", message.receiver);
  write_ordinal(writer, "term", message.term);
  if (!message.term_entered) writer.member("term_entered", false);
  write_ordinal(writer, "prev_index", message.prev_index);
  write_ordinal(writer, "prev_term", message.prev_term);
  if (!message.entries.empty()) write_entries(writer, message.entries);
  write_ordinal(writer, "commit", message.commit);
  if (message.success) writer.member("success", *message.success);
  write_ordinal(writer, "match", message.match);
  write_ordinal(writer, "last_index", message.last_index);
  write_ordinal(writer, "last_term", message.last_term);
  if (message.transfer) writer.member("transfer", true);
  if (message.context) writer.member("context", *message.context);
  write_text(writer, "action", observation.action);
  writer.end_object();
  out.push_back('\n');
}

base::Result<Observation> parse_observation(std::string_view line) {
  return LineReader(line).read();
}

}  // namespace check::wire
