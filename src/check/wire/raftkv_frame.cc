// SPDX-License-Identifier: Apache-2.0
#include "check/wire/raftkv_frame.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "check/wire/decoder.h"

namespace check::wire {
namespace {

constexpr std::array<RaftkvType, 15> kTypes = {
    RaftkvType::Hello,        RaftkvType::PreVote,          RaftkvType::PreVoteReply,
    RaftkvType::RequestVote,  RaftkvType::VoteReply,        RaftkvType::AppendEntries,
    RaftkvType::AppendReply,  RaftkvType::SnapshotChunk,    RaftkvType::SnapshotReply,
    RaftkvType::TimeoutNow,   RaftkvType::ReadIndexRequest, RaftkvType::ReadIndexReply,
    RaftkvType::TransferVote, RaftkvType::Forward,          RaftkvType::ForwardReply};

std::uint32_t checksum(std::string_view frame) {
  return base::crc32c(frame.substr(kRaftkvPrefixBytes), base::crc32c(frame.substr(0, 4)));
}

std::uint64_t position(base::ByteReader& in) {
  const std::size_t at = in.position();
  const std::uint64_t value = in.u64();
  if (value > kRaftkvLargestPosition) in.refuse(at, "a term or an index is above 2^62");
  return value;
}
Term term(base::ByteReader& in) { return Term(position(in)); }
Index index(base::ByteReader& in) { return Index(position(in)); }

void hello(base::ByteReader& in) {
  const std::size_t at = in.position();
  if (in.u8() == 0) in.refuse(at, "the highest version spoken is 0");
  if (in.remaining() == 0) return;  // Version 1.
  in.u64();
  in.u64();
}

void vote(base::ByteReader& in, Message& message) {
  message.term = term(in);
  message.last_term = term(in);
  message.last_index = index(in);
}

void transfer_vote(base::ByteReader& in, Message& message) {
  vote(in, message);
  message.transfer = true;
}

void vote_reply(base::ByteReader& in, Message& message) {
  message.term = term(in);
  message.success = in.boolean();
}

void entry(base::ByteReader& in, Index index, Message& message) {
  Entry entry;
  entry.index = index;
  entry.term = term(in);
  const std::size_t at = in.position();
  const std::uint8_t kind = in.u8();
  const std::string_view payload = in.sized();
  if (kind > 2) in.refuse(at, "an entry is neither no-op nor command nor configuration");
  if (kind == 0 && !payload.empty()) in.refuse(at, "a no-op has a payload");
  entry.kind = kind == 0   ? EntryKind::Noop
               : kind == 1 ? EntryKind::Command
                           : EntryKind::Configuration;
  entry.hash = hash_of(payload);
  entry.bytes = payload.size();
  message.entries.push_back(entry);
}

void append(base::ByteReader& in, Message& message) {
  message.term = term(in);
  message.prev_term = term(in);
  message.prev_index = index(in);
  message.commit = index(in);
  message.context = in.u64();
  // Each turn takes bytes from the frame, so a wrong count cannot make many entries.
  Index at = *message.prev_index;
  for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
    at = at.next();
    entry(in, at, message);
  }
}

void append_reply(base::ByteReader& in, Message& message) {
  message.term = term(in);
  message.prev_index = index(in);
  message.context = in.u64();
  const std::size_t at = in.position();
  const std::uint8_t flags = in.u8();
  if (flags > 3) in.refuse(at, "an answer has an unknown flag");
  // Flag 2: it lost what it had promised before, and says so.
  message.success = (flags & 1U) != 0;
  const Index match = index(in);
  if (*message.success) message.match = match;
  // The hint is a guess at what could match, not the end of the log.
  static_cast<void>(term(in));
  static_cast<void>(index(in));
}

void snapshot_chunk(base::ByteReader& in, Message& message) {
  vote(in, message);
  const std::uint64_t offset = in.u64();
  const std::uint64_t total = in.u64();
  const std::size_t at = in.position();
  const std::string_view data = in.sized();
  if (offset > total || data.size() > total - offset) in.refuse(at, "the chunk is too long");
}

void snapshot_reply(base::ByteReader& in, Message& message) {
  message.term = term(in);
  static_cast<void>(term(in));
  const Index last = index(in);
  in.u64();
  in.u64();
  message.success = true;
  if (in.boolean()) message.match = last;
}

void timeout_now(base::ByteReader& in, Message& message) { message.term = term(in); }

void read_index(base::ByteReader& in, Message& message) {
  message.term = term(in);
  message.context = in.u64();
}

void read_index_reply(base::ByteReader& in, Message& message) {
  read_index(in, message);
  message.success = in.boolean();
  static_cast<void>(index(in));
}

void forward(base::ByteReader& in, Message& message) {
  in.u64();
  const std::size_t at = in.position();
  const std::uint8_t kind = in.u8();
  if (kind != 1 && kind != 2) in.refuse(at, "what is forwarded is neither write nor read");
  message.type = kind == 1 ? MessageType::Propose : MessageType::Other;
  in.sized();
}

void forward_reply(base::ByteReader& in, Message& message) {
  in.u64();
  const std::size_t at = in.position();
  const std::uint8_t outcome = in.u8();
  if (outcome != 3) message.success = outcome == 1;
  if (outcome == 1) {
    in.sized();
  } else if (outcome == 2) {
    const std::size_t reason_at = in.position();
    const std::uint8_t reason = in.u8();
    if (reason != 1 && reason != 2) in.refuse(reason_at, "there is no such reason");
    in.boolean();
    in.u32();
  } else if (outcome != 3) {
    in.refuse(at, "there is no such outcome");
  }
}

using Reader = void (*)(base::ByteReader&, Message&);
struct Kind {
  MessageType type;
  std::string_view name;
  Reader read;
};

Kind kind_of(RaftkvType type) {
  switch (type) {
    case RaftkvType::PreVote:
      return {MessageType::PreVote, "PreVote", vote};
    case RaftkvType::PreVoteReply:
      return {MessageType::PreVoteReply, "PreVoteReply", vote_reply};
    case RaftkvType::RequestVote:
      return {MessageType::RequestVote, "RequestVote", vote};
    case RaftkvType::TransferVote:
      return {MessageType::RequestVote, "TransferVote", transfer_vote};
    case RaftkvType::VoteReply:
      return {MessageType::RequestVoteReply, "VoteReply", vote_reply};
    case RaftkvType::AppendEntries:
      return {MessageType::AppendEntries, "AppendEntries", append};
    case RaftkvType::AppendReply:
      return {MessageType::AppendReply, "AppendReply", append_reply};
    case RaftkvType::SnapshotChunk:
      return {MessageType::InstallSnapshot, "SnapshotChunk", snapshot_chunk};
    case RaftkvType::SnapshotReply:
      return {MessageType::SnapshotReply, "SnapshotReply", snapshot_reply};
    case RaftkvType::TimeoutNow:
      return {MessageType::TimeoutNow, "TimeoutNow", timeout_now};
    case RaftkvType::ReadIndexRequest:
      return {MessageType::ReadIndex, "ReadIndexRequest", read_index};
    case RaftkvType::ReadIndexReply:
      return {MessageType::ReadIndexReply, "ReadIndexReply", read_index_reply};
    case RaftkvType::Forward:
      return {MessageType::Propose, "Forward", forward};
    case RaftkvType::ForwardReply:
      return {MessageType::ProposeReply, "ForwardReply", forward_reply};
    case RaftkvType::Hello:
      break;
  }
  return {MessageType::Other, "Hello", [](base::ByteReader& in, Message&) { hello(in); }};
}

base::Error wrong(std::string what) {
  return {base::ErrorCode::InvalidArgument, "raftkv frame: " + std::move(what)};
}

}  // namespace

base::Result<std::optional<RaftkvHead>> raftkv_head(std::string_view bytes) {
  if (bytes.size() < 4) return std::optional<RaftkvHead>();
  base::ByteReader in(bytes);
  const std::uint32_t length = in.u32();
  RaftkvHead head;
  head.size = length + kRaftkvPrefixBytes;
  if (head.size < kRaftkvFirstHeadBytes || head.size > Decoder::kMostWaiting) {
    return wrong("its length cannot be " + std::to_string(length));
  }
  if (bytes.size() < kRaftkvFirstHeadBytes) return std::optional<RaftkvHead>();

  in.u32();
  head.version = in.u8();
  if (head.version != 1 && head.version != 2) {
    return wrong("its version is " + std::to_string(head.version));
  }
  if (head.size < head.bytes()) return wrong("its length cannot be " + std::to_string(length));
  if (bytes.size() < head.bytes()) return std::optional<RaftkvHead>();
  const std::uint8_t type = in.u8();
  if (in.u16() != 0) return wrong("bytes 10 and 11 are not zero");
  head.from = in.u32();
  head.to = in.u32();
  head.cluster = in.u64();
  if (head.version > 1) {
    head.from_life = in.u64();
    head.to_life = in.u64();
  }
  head.type = static_cast<RaftkvType>(type);
  if (std::ranges::find(kTypes, head.type) == kTypes.end()) {
    return wrong("there is no type " + std::to_string(type));
  }
  return std::optional(head);
}

bool raftkv_is_sealed(std::string_view frame) {
  return base::ByteReader(frame.substr(4)).u32() == checksum(frame);
}

void raftkv_seal(std::string& frame) { base::ByteWriter(frame).set_u32(4, checksum(frame)); }

base::Result<std::optional<Message>> raftkv_message(const RaftkvHead& head,
                                                    std::string_view frame) {
  const Kind kind = kind_of(head.type);
  Message message;
  message.type = kind.type;
  message.name = kind.name;
  message.sender = std::to_string(head.from);
  message.receiver = std::to_string(head.to);
  base::ByteReader in(frame.substr(head.bytes()));
  kind.read(in, message);
  // What is asked for in a pre-vote is not entered, and a grant repeats it.
  message.term_entered =
      message.type != MessageType::PreVote &&
      (message.type != MessageType::PreVoteReply || !message.success.value_or(false));
  TRY(const base::Done done,
      in.finish("raftkv frame (" + std::string(kind.name) + ")", head.bytes()));
  static_cast<void>(done);
  if (head.type == RaftkvType::Hello) return std::optional<Message>();
  return std::optional(std::move(message));
}

}  // namespace check::wire
