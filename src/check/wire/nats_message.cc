// SPDX-License-Identifier: Apache-2.0
#include "check/wire/nats_message.h"

#include <limits>

#include "base/bytes.h"

namespace check::wire {
namespace {

constexpr std::size_t kAppendHead = 42;
constexpr std::size_t kMostTail = 10;  // Since 2.12 the leader's term follows, as a uvarint.
constexpr std::uint8_t kNormal = 0;
constexpr std::uint8_t kPeerState = 2;
constexpr std::uint8_t kRemovePeer = 4;
constexpr std::uint8_t kSnapshot = 6;

// The parts of an append: they make one entry together.
struct Parts {
  std::size_t bytes = 0;
  EntryKind kind = EntryKind::Command;
  bool snapshot_first = false;
};

std::optional<Parts> read_parts(base::ByteReader& in, std::size_t count) {
  Parts parts;
  const std::size_t begin = in.position();
  for (std::size_t at = 0; at < count && in.ok(); ++at) {
    const std::uint32_t size = in.u32();
    if (size == 0) return std::nullopt;
    const std::uint8_t type = in.u8();
    in.bytes(size - 1);
    if (at == 0 && type == kSnapshot) parts.snapshot_first = true;
    if (type >= kPeerState && type <= kRemovePeer) {
      parts.kind = EntryKind::Configuration;
    } else if (type != kNormal && parts.kind == EntryKind::Command) {
      parts.kind = EntryKind::Other;
    }
  }
  if (!in.ok() || in.remaining() > kMostTail) return std::nullopt;
  parts.bytes = in.position() - begin;
  return parts;
}

}  // namespace

std::optional<NatsAppend> nats_append(std::string_view payload) {
  base::ByteReader in(payload);
  NatsAppend append;
  append.leader = in.bytes(kNatsIdBytes);
  const Term term(in.u64());
  const Index commit(in.u64());
  const Term prev_term(in.u64());
  const Index prev_index(in.u64());
  const std::size_t count = in.u16();
  const auto parts = read_parts(in, count);
  if (!parts || prev_index.value() == std::numeric_limits<std::uint64_t>::max()) {
    return std::nullopt;
  }
  Message& message = append.message;
  message.type = MessageType::AppendEntries;  // Also without parts it compares logs.
  message.name = count == 0 ? "AE(heartbeat)" : "AE";
  message.term = term;
  message.commit = commit;
  message.prev_index = prev_index;
  message.prev_term = prev_term;
  append.snapshot = parts->snapshot_first;
  if (count == 0) return append;
  const std::string_view content = payload.substr(kAppendHead, parts->bytes);
  message.entries.push_back(
      {prev_index.next(), term, parts->kind, hash_of(content), content.size()});
  return append;
}

std::optional<Message> nats_catch_up(std::string_view payload) {
  auto append = nats_append(payload);
  if (!append) return std::nullopt;
  Message message = std::move(append->message);
  message.name = "CR";
  if (!append->snapshot) {
    // As it was stored: term and commit are of that time, and of whoever led then.
    message.term_entered = false;
    message.commit.reset();
    return message;
  }
  message.type = MessageType::InstallSnapshot;
  message.last_index = message.prev_index;
  message.last_term = message.prev_term;
  message.prev_index.reset();
  message.prev_term.reset();
  message.entries.clear();
  return message;
}

std::optional<Message> nats_append_reply(std::string_view payload, bool catch_up) {
  base::ByteReader in(payload);
  Message message;
  message.type = MessageType::AppendReply;
  message.name = "AER";
  const Term term(in.u64());
  const Index index(in.u64());
  message.sender = in.bytes(kNatsIdBytes);
  message.success = in.boolean();
  if (!in.finish("AER").ok()) return std::nullopt;
  // The term of an entry, but for refusals of a leader of an old term, which cannot be told apart.
  message.term = term;
  message.term_entered = false;
  if (*message.success) {
    message.match = index;
  } else if (catch_up) {
    message.last_index = index;
    message.last_term = term;
  }
  return message;
}

std::optional<Message> nats_vote(std::string_view payload) {
  base::ByteReader in(payload);
  Message message;
  message.type = MessageType::RequestVote;
  message.name = "V";
  message.term = Term(in.u64());
  message.last_term = Term(in.u64());
  message.last_index = Index(in.u64());
  message.sender = in.bytes(kNatsIdBytes);
  if (!in.finish("V").ok()) return std::nullopt;
  return message;
}

std::optional<Message> nats_vote_reply(std::string_view payload) {
  base::ByteReader in(payload);
  Message message;
  message.type = MessageType::RequestVoteReply;
  message.name = "VR";
  message.term = Term(in.u64());
  message.term_entered = false;  // Up to 2.10.9 the voter's term before it entered the new one.
  message.sender = in.bytes(kNatsIdBytes);
  message.success = (in.u8() & 1U) != 0;
  if (!in.finish("VR").ok()) return std::nullopt;
  return message;
}

}  // namespace check::wire
