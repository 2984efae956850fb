// SPDX-License-Identifier: Apache-2.0
#include "check/wire/libraft_message.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "check/wire/rewrite.h"

namespace check::wire {
namespace {

constexpr std::uint64_t kLargestPosition = std::uint64_t{1} << 62U;
constexpr std::size_t kPreambleBytes = 16;
constexpr std::size_t kLongestAddress = 1024;
constexpr std::uint64_t kLegacyDqlite = 0x86104dd760433fe5;

enum class Type : std::uint8_t {
  AppendEntries = 1,
  AppendEntriesResult = 2,
  RequestVote = 3,
  RequestVoteResult = 4,
  InstallSnapshot = 5,
  TimeoutNow = 6
};

// Where the counts stand on which a message's size depends.
constexpr std::size_t kEntryCountAt = kPreambleBytes + 32;
constexpr std::size_t kFirstEntryAt = kPreambleBytes + 40;
constexpr std::size_t kEntryBytes = 16;
constexpr std::size_t kConfigurationLengthAt = kPreambleBytes + 32;
constexpr std::size_t kConfigurationAt = kPreambleBytes + 40;

std::uint64_t u64_at(std::string_view bytes, std::size_t at) {
  return base::ByteReader(bytes.substr(at)).u64();
}

// Lengths of a header without counts: without and with what later versions added.
std::span<const std::uint64_t> fixed_lengths(Type type) {
  static constexpr std::array<std::uint64_t, 2> append_result = {24, 32};
  static constexpr std::array<std::uint64_t, 2> vote = {32, 40};
  static constexpr std::array<std::uint64_t, 2> vote_result = {16, 24};
  static constexpr std::array<std::uint64_t, 1> timeout_now = {24};
  switch (type) {
    case Type::AppendEntriesResult:
      return append_result;
    case Type::RequestVote:
      return vote;
    case Type::RequestVoteResult:
      return vote_result;
    case Type::TimeoutNow:
      return timeout_now;
    case Type::AppendEntries:
    case Type::InstallSnapshot:
      break;
  }
  return {};
}

using Size = base::Result<std::optional<std::size_t>>;

// The header ends with eight bytes that mean nothing; behind it lie the entries' contents.
Size append_size(std::string_view bytes, std::uint64_t length) {
  if (bytes.size() < kFirstEntryAt) return std::optional<std::size_t>();
  const std::uint64_t count = u64_at(bytes, kEntryCountAt);
  if (count > length / kEntryBytes || length != 48 + kEntryBytes * count) {
    return refused("its length and its count of entries differ");
  }
  if (bytes.size() < kPreambleBytes + length) return std::optional<std::size_t>();
  std::size_t size = kPreambleBytes + length;
  for (std::uint64_t entry = 0; entry < count; ++entry) {
    base::ByteReader in(bytes.substr(kFirstEntryAt + entry * kEntryBytes, kEntryBytes));
    in.u64();
    const std::uint8_t type = in.u8();
    if (type < 1 || type > 3) return refused("an entry has an unknown type");
    in.bytes(3);
    size += in.u32();
  }
  return std::optional(size);
}

// Some versions end the header with eight bytes that mean nothing.
Size snapshot_size(std::string_view bytes, std::uint64_t length) {
  if (bytes.size() < kConfigurationAt) return std::optional<std::size_t>();
  const std::uint64_t configuration = u64_at(bytes, kConfigurationLengthAt);
  if (configuration > length || (length != 48 + configuration && length != 56 + configuration)) {
    return refused("its length and that of its configuration differ");
  }
  if (bytes.size() < kPreambleBytes + length) return std::optional<std::size_t>();
  const std::uint64_t data = u64_at(bytes, kConfigurationAt + configuration);
  if (data > kLargestPosition) return refused("its snapshot is too long");
  return std::optional(kPreambleBytes + length + data);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : in_(bytes) {}

  std::uint64_t position() {
    const std::size_t at = in_.position();
    const std::uint64_t value = in_.u64();
    if (value > kLargestPosition) in_.refuse(at, "a term or an index is above 2^62");
    return value;
  }
  Term term() { return Term(position()); }
  Index index() { return Index(position()); }
  base::ByteReader& bytes() { return in_; }

 private:
  base::ByteReader in_;
};

EntryKind entry_kind(std::uint8_t type) {
  if (type == 1) return EntryKind::Command;
  return type == 2 ? EntryKind::Noop : EntryKind::Configuration;
}

void append(Reader& in, std::string_view all, Message& message) {
  message.type = MessageType::AppendEntries;
  message.name = "AppendEntries";
  message.prev_index = in.index();
  message.prev_term = in.term();
  message.commit = in.index();
  const std::uint64_t count = in.bytes().u64();
  std::size_t content_at = kFirstEntryAt + count * kEntryBytes + 8;
  message.entries.reserve(count);
  Index index = *message.prev_index;
  for (std::uint64_t left = count; left > 0; --left) {
    Entry entry;
    index = index.next();
    entry.index = index;
    entry.term = in.term();
    entry.kind = entry_kind(in.bytes().u8());
    in.bytes().bytes(3);
    entry.bytes = in.bytes().u32();
    entry.hash = hash_of(all.substr(content_at, entry.bytes));
    content_at += entry.bytes;
    message.entries.push_back(entry);
  }
}

// How far the log is stored, which a leader takes for how far it matches.
void append_result(Reader& in, Message& message) {
  message.type = MessageType::AppendReply;
  message.name = "AppendEntriesResult";
  const Index rejected = in.index();
  const Index last = in.index();
  message.success = rejected == Index();
  if (*message.success) {
    message.match = last;
  } else {
    message.prev_index = rejected;
    // While a snapshot is being installed nothing counts as stored (replication.c,
    // replicationInstallSnapshot).
    if (last != Index()) message.last_index = last;
  }
}

void vote(Reader& in, bool has_flags, Message& message) {
  in.bytes().u64();  // The candidate's id; the greeting has its address.
  message.last_index = in.index();
  message.last_term = in.term();
  const std::uint64_t flags = has_flags ? in.bytes().u64() : 0;
  message.transfer = (flags & 1U) != 0;
  const bool pre = (flags & 2U) != 0;
  message.type = pre ? MessageType::PreVote : MessageType::RequestVote;
  message.name = "RequestVote";
  message.term_entered = !pre;
}

// In a pre-vote the term is that of the request, whatever the answer.
void vote_result(Reader& in, bool has_flags, Message& message) {
  message.success = in.bytes().u64() != 0;
  const bool pre = has_flags && (in.bytes().u8() & 1U) != 0;
  message.type = pre ? MessageType::PreVoteReply : MessageType::RequestVoteReply;
  message.name = "RequestVoteResult";
  message.term_entered = !pre;
}

void snapshot(Reader& in, Message& message) {
  message.type = MessageType::InstallSnapshot;
  message.name = "InstallSnapshot";
  message.last_index = in.index();
  message.last_term = in.term();
}

void timeout_now(Reader& in, Message& message) {
  message.type = MessageType::TimeoutNow;
  message.name = "TimeoutNow";
  message.last_index = in.index();
  message.last_term = in.term();
}

using Greeting = base::Result<std::optional<LibraftGreeting>>;

// [1][id][length][address, padded with zeros]
Greeting own_greeting(std::string_view bytes) {
  base::ByteReader in(bytes);
  in.u64();
  in.u64();
  const std::uint64_t length = in.u64();
  if (!in.ok()) return std::optional<LibraftGreeting>();
  if (length == 0 || length > kLongestAddress) {
    return refused("the address in its greeting cannot have " + std::to_string(length) + " bytes");
  }
  const std::string_view address = in.bytes(length);
  if (!in.ok()) return std::optional<LibraftGreeting>();
  const std::size_t end = address.find('\0');
  if (end == std::string_view::npos) return refused("the address in its greeting does not end");
  return std::optional(LibraftGreeting{in.position(), std::string(address.substr(0, end))});
}

// [1][words u32, 11, 0, 0][id][address, padded with zeros]: a message of dqlite.
Greeting dqlite_greeting(std::string_view bytes) {
  base::ByteReader in(bytes);
  in.u64();
  const std::uint64_t words = in.u32();
  const std::uint8_t type = in.u8();
  in.bytes(3);
  if (!in.ok()) return std::optional<LibraftGreeting>();
  if (type != 11) return refused("it is a client's connection to dqlite");
  if (words < 2 || words > kLongestAddress / 8) {
    return refused("dqlite's greeting cannot have " + std::to_string(words) + " words");
  }
  in.u64();
  const std::string_view address = in.bytes(8 * (words - 1));
  if (!in.ok()) return std::optional<LibraftGreeting>();
  const std::size_t end = address.find('\0');
  return std::optional(LibraftGreeting{in.position(), std::string(address.substr(0, end))});
}

struct Field {
  std::string_view name;
  std::size_t at;
};
constexpr std::array<Field, 4> kAppendFields = {
    {{"term", 16}, {"prev_index", 24}, {"prev_term", 32}, {"commit", 40}}};
constexpr std::array<Field, 4> kAppendResultFields = {
    {{"term", 16}, {"success", 24}, {"match", 32}, {"last_index", 32}}};
constexpr std::array<Field, 3> kVoteFields = {
    {{"term", 16}, {"last_index", 32}, {"last_term", 40}}};
constexpr std::array<Field, 2> kVoteResultFields = {{{"term", 16}, {"success", 24}}};
constexpr std::array<Field, 3> kLastFields = {
    {{"term", 16}, {"last_index", 24}, {"last_term", 32}}};

std::span<const Field> fields_of(MessageType type) {
  if (type == MessageType::AppendEntries) return kAppendFields;
  if (type == MessageType::AppendReply) return kAppendResultFields;
  if (type == MessageType::RequestVote || type == MessageType::PreVote) return kVoteFields;
  if (type == MessageType::RequestVoteReply || type == MessageType::PreVoteReply) {
    return kVoteResultFields;
  }
  if (type == MessageType::InstallSnapshot || type == MessageType::TimeoutNow) return kLastFields;
  return {};
}

}  // namespace

base::Result<std::optional<LibraftGreeting>> libraft_greeting(std::string_view bytes) {
  base::ByteReader in(bytes);
  const std::uint64_t protocol = in.u64();
  const std::uint64_t second = in.u64();
  if (bytes.size() >= 8 && protocol != 1 && protocol != kLegacyDqlite) {
    return refused("it does not begin with libraft's or dqlite's greeting");
  }
  if (!in.ok()) return std::optional<LibraftGreeting>();
  // An id is never like this, but by intent.
  const bool dqlite = protocol == kLegacyDqlite || (second >> 32U == 11 && (second & ~0U) < 256);
  return dqlite ? dqlite_greeting(bytes) : own_greeting(bytes);
}

base::Result<std::optional<std::size_t>> libraft_size(std::string_view bytes) {
  if (bytes.size() < kPreambleBytes) return std::optional<std::size_t>();
  // cowsql writes its version into the third byte.
  const std::uint64_t word = u64_at(bytes, 0);
  const auto type = static_cast<Type>(word & 0xffU);
  const std::uint64_t length = u64_at(bytes, 8);
  if ((word & ~std::uint64_t{0xff00ff}) != 0 || type < Type::AppendEntries ||
      type > Type::TimeoutNow) {
    return refused("no message begins so");
  }
  if (length > Decoder::kMostWaiting) {
    return refused("its header cannot have " + std::to_string(length) + " bytes");
  }
  if (type == Type::AppendEntries) return append_size(bytes, length);
  if (type == Type::InstallSnapshot) return snapshot_size(bytes, length);
  const auto lengths = fixed_lengths(type);
  if (std::ranges::find(lengths, length) == lengths.end()) {
    return refused("its header cannot have " + std::to_string(length) + " bytes");
  }
  return std::optional(kPreambleBytes + static_cast<std::size_t>(length));
}

base::Result<Message> libraft_message(std::string_view bytes) {
  const auto type = static_cast<Type>(bytes[0]);
  const std::uint64_t length = u64_at(bytes, 8);
  Reader in(bytes.substr(kPreambleBytes));
  Message message;
  message.term = in.term();
  switch (type) {
    case Type::AppendEntries:
      append(in, bytes, message);
      break;
    case Type::AppendEntriesResult:
      append_result(in, message);
      break;
    case Type::RequestVote:
      vote(in, length > 32, message);
      break;
    case Type::RequestVoteResult:
      vote_result(in, length > 16, message);
      break;
    case Type::InstallSnapshot:
      snapshot(in, message);
      break;
    case Type::TimeoutNow:
      timeout_now(in, message);
      break;
  }
  // What is left is not for us.
  in.bytes().bytes(in.bytes().remaining());
  TRY(const base::Done done, in.bytes().finish(message.name, kPreambleBytes));
  static_cast<void>(done);
  return message;
}

std::optional<std::size_t> libraft_field(MessageType type, std::string_view field) {
  const auto fields = fields_of(type);
  const auto found = std::ranges::find(fields, field, &Field::name);
  if (found == fields.end()) return std::nullopt;
  return found->at;
}

}  // namespace check::wire
