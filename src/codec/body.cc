// SPDX-License-Identifier: Apache-2.0
#include "codec/body.h"

#include <memory>
#include <string>
#include <utility>

#include "codec/decode.h"
#include "codec/layout.h"

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
raft::RequestVote request_vote(base::ByteReader& in) { return {term(in), id(in)}; }
raft::VoteReply vote_reply(base::ByteReader& in) { return {term(in), in.boolean()}; }
raft::AppendReply append_reply(base::ByteReader& in) {
  return {term(in), index(in), in.u64(), in.boolean(), index(in), id(in)};
}

raft::Entry entry(base::ByteReader& in, raft::LogIndex index) {
  raft::Entry result{{term(in), index}, raft::EntryKind::Noop, nullptr};
  const std::size_t kind_at = in.position();
  result.kind = static_cast<raft::EntryKind>(in.u8());
  const std::size_t size_at = in.position();
  const std::string_view payload = in.sized();
  if (result.kind == raft::EntryKind::Command) {
    result.payload = std::make_shared<const std::string>(payload);
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
  result.entries.reserve(count);
  raft::LogIndex index = result.previous.index;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    index = index.next();
    result.entries.push_back(entry(in, index));
  }
  return result;
}

Hello hello(base::ByteReader& in) {
  const Hello result{in.u8()};
  if (result.version < kProtocolVersion) in.refuse(0, "the peer speaks no version that we do");
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
    case Type::VoteReply:
      return {body<vote_reply>, "VoteReply"};
    case Type::AppendEntries:
      return {body<append_entries>, "AppendEntries"};
    case Type::AppendReply:
      return {body<append_reply>, "AppendReply"};
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
