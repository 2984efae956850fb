// SPDX-License-Identifier: Apache-2.0
#include "codec/body.h"

#include <memory>
#include <string>
#include <utility>

#include "codec/decode.h"
#include "codec/layout.h"
#include "raft/configuration.h"

namespace codec {

namespace {

std::uint64_t position(base::ByteReader& in) {
  const std::size_t at = in.position();
  const std::uint64_t value = in.u64();
  if (value <= kMaxPosition) return value;
  in.refuse(at, "a term or index is beyond 2^62");
  return 0;
}

raft::Term term(base::ByteReader& in) { return raft::Term(position(in)); }
raft::LogIndex index(base::ByteReader& in) { return raft::LogIndex(position(in)); }
raft::EntryId id(base::ByteReader& in) {
  const raft::Term the_term = term(in);
  return {the_term, index(in)};
}

// The braces of an initializer are evaluated in order, so that fields are read in order.
raft::PreVote pre_vote(base::ByteReader& in) { return {term(in), id(in)}; }
raft::PreVoteReply pre_vote_reply(base::ByteReader& in) { return {term(in), in.boolean()}; }
raft::RequestVote request_vote(base::ByteReader& in) { return {term(in), id(in), false}; }
raft::RequestVote transfer_vote(base::ByteReader& in) { return {term(in), id(in), true}; }
raft::VoteReply vote_reply(base::ByteReader& in) { return {term(in), in.boolean()}; }
raft::AppendReply append_reply(base::ByteReader& in) {
  raft::AppendReply reply{term(in), index(in), 0, in.u64(), false, {}, false};
  const std::size_t flags_at = in.position();
  const std::uint8_t flags = in.u8();
  if (flags > (kSuccessFlag | kLostFlag)) in.refuse(flags_at, "unknown flags");
  reply.success = (flags & kSuccessFlag) != 0;
  reply.lost = (flags & kLostFlag) != 0;
  const std::size_t match_at = in.position();
  const raft::LogIndex match = index(in);
  if (reply.success && match < reply.previous) {
    in.refuse(match_at, "a match below the entry that was there");
  } else if (reply.success) {
    reply.count = match.since(reply.previous);
  } else if (match > raft::LogIndex()) {
    in.refuse(match_at, "a refusal with a match");
  }
  reply.hint = id(in);
  return reply;
}

raft::SnapshotChunk snapshot_chunk(base::ByteReader& in) {
  raft::SnapshotChunk chunk{term(in), id(in), in.u64(), in.u64(), nullptr};
  const std::size_t size_at = in.position();
  const std::string_view data = in.sized();
  if (!data.empty()) chunk.data = std::make_shared<const std::string>(data);
  const bool inside = chunk.offset <= chunk.total && data.size() <= chunk.total - chunk.offset;
  if (!inside) in.refuse(size_at, "the chunk ends behind its snapshot");
  return chunk;
}
raft::SnapshotReply snapshot_reply(base::ByteReader& in) {
  return {term(in), id(in), in.u64(), in.u64(), in.boolean()};
}
raft::TimeoutNow timeout_now(base::ByteReader& in) { return {term(in)}; }
raft::ReadIndexRequest read_index_request(base::ByteReader& in) { return {term(in), in.u64()}; }
raft::ReadIndexReply read_index_reply(base::ByteReader& in) {
  return {term(in), in.u64(), in.boolean(), index(in)};
}

raft::Entry entry(base::ByteReader& in, raft::LogIndex index) {
  raft::Entry result{{term(in), index}, raft::EntryKind::Noop, nullptr};
  const std::size_t kind_at = in.position();
  result.kind = static_cast<raft::EntryKind>(in.u8());
  const std::size_t size_at = in.position();
  const std::string_view payload = in.sized();
  if (result.kind == raft::EntryKind::Command) {
    result.payload = std::make_shared<const std::string>(payload);
  } else if (result.kind == raft::EntryKind::Configuration) {
    result.payload = std::make_shared<const std::string>(payload);
    if (!raft::decode_configuration(payload).ok()) in.refuse(size_at, "not a configuration");
  } else if (result.kind != raft::EntryKind::Noop) {
    in.refuse(kind_at, "unknown kind of entry");
  } else if (!payload.empty()) {
    in.refuse(size_at, "a no-op has a payload");
  }
  return result;
}

raft::AppendEntries append_entries(base::ByteReader& in) {
  raft::AppendEntries result{term(in), id(in), index(in), in.u64(), {}};
  const std::size_t count_at = in.position();
  const std::uint32_t count = in.u32();
  if (count > in.remaining() / kEntryHeadBytes) {
    in.refuse(count_at, "more entries are announced than fit");
    return result;
  }
  std::vector<raft::Entry> entries;
  entries.reserve(count);
  raft::LogIndex index = result.previous.index;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    index = index.next();
    entries.push_back(entry(in, index));
  }
  if (count > 0) result.entries = std::move(entries);
  return result;
}

Hello hello(base::ByteReader& in) {
  const Hello result{in.u8(), in.u64(), in.u64()};
  if (result.version < kOldestVersion) in.refuse(0, "the peer speaks no version that we do");
  return result;
}

Forward forward(base::ByteReader& in) {
  Forward result;
  result.sequence = in.u64();
  const std::size_t kind_at = in.position();
  result.kind = static_cast<Forward::Kind>(in.u8());
  if (result.kind != Forward::Kind::Write && result.kind != Forward::Kind::Read) {
    in.refuse(kind_at, "a request is neither write nor read");
  }
  result.payload = in.sized();
  return result;
}

ForwardNotDone not_done(base::ByteReader& in) {
  const std::size_t reason_at = in.position();
  ForwardNotDone result;
  result.reason = static_cast<ForwardNotDone::Reason>(in.u8());
  if (result.reason != ForwardNotDone::Reason::NotLeader &&
      result.reason != ForwardNotDone::Reason::Overloaded) {
    in.refuse(reason_at, "unknown reason");
  }
  const bool known = in.boolean();
  const std::size_t leader_at = in.position();
  const raft::NodeId leader{in.u32()};
  if (known) result.leader = leader;
  if (!known && leader.value != 0) in.refuse(leader_at, "an absent leader has an id");
  return result;
}

ForwardReply forward_reply(base::ByteReader& in) {
  ForwardReply result;
  result.sequence = in.u64();
  switch (static_cast<OutcomeTag>(in.u8())) {
    case OutcomeTag::Done:
      result.outcome = ForwardDone{std::string(in.sized())};
      return result;
    case OutcomeTag::NotDone:
      result.outcome = not_done(in);
      return result;
    case OutcomeTag::Unknown:
      result.outcome = ForwardUnknown{};
      return result;
  }
  in.refuse(in.position() - 1, "unknown outcome");
  return result;
}

using Read = Body (*)(base::ByteReader&);

// How a body is read, and the name that errors give it.
template <auto read>
Body body(base::ByteReader& in) {
  return read(in);
}

struct Reader {
  Read read = nullptr;
  const char* name = "";
};

Reader reader(std::uint8_t type) {
  switch (static_cast<Type>(type)) {
    case Type::Hello:
      return {body<hello>, "Hello"};
    case Type::PreVote:
      return {body<pre_vote>, "PreVote"};
    case Type::PreVoteReply:
      return {body<pre_vote_reply>, "PreVoteReply"};
    case Type::RequestVote:
      return {body<request_vote>, "RequestVote"};
    case Type::TransferVote:
      return {body<transfer_vote>, "TransferVote"};
    case Type::VoteReply:
      return {body<vote_reply>, "VoteReply"};
    case Type::AppendEntries:
      return {body<append_entries>, "AppendEntries"};
    case Type::AppendReply:
      return {body<append_reply>, "AppendReply"};
    case Type::SnapshotChunk:
      return {body<snapshot_chunk>, "SnapshotChunk"};
    case Type::SnapshotReply:
      return {body<snapshot_reply>, "SnapshotReply"};
    case Type::TimeoutNow:
      return {body<timeout_now>, "TimeoutNow"};
    case Type::ReadIndexRequest:
      return {body<read_index_request>, "ReadIndexRequest"};
    case Type::ReadIndexReply:
      return {body<read_index_reply>, "ReadIndexReply"};
    case Type::Forward:
      return {body<forward>, "Forward"};
    case Type::ForwardReply:
      return {body<forward_reply>, "ForwardReply"};
  }
  return {};
}

}  // namespace

base::Result<Body> decode_body(std::uint8_t type, std::string_view bytes, const BodyPlace& place) {
  const Reader the_reader = reader(type);
  if (the_reader.read == nullptr) {
    return base::Error{base::ErrorCode::InvalidArgument, "frame: unknown type " +
                                                             std::to_string(type) + " at byte " +
                                                             std::to_string(place.type_at)};
  }
  base::ByteReader in(bytes);
  base::Result<Body> result = the_reader.read(in);
  TRY([[maybe_unused]] const base::Done whole, in.finish(the_reader.name, place.origin));
  return result;
}

}  // namespace codec
