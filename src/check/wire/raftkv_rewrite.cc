// SPDX-License-Identifier: Apache-2.0
// Messages of raftkv altered and refused. Each stands for itself; a changed one gets a new
// checksum.
#include <array>
#include <span>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "check/wire/protocols.h"
#include "check/wire/raftkv_frame.h"
#include "check/wire/rewrite.h"

namespace check::wire {
namespace {

// Where a field lies in the body. Success is one byte, all others are eight.
struct Field {
  std::string_view name;
  std::size_t at;
};

constexpr std::array<Field, 3> kVoteFields = {Field{"term", 0}, Field{"last_term", 8},
                                              Field{"last_index", 16}};
constexpr std::array<Field, 2> kVoteReplyFields = {Field{"term", 0}, Field{"success", 8}};
constexpr std::array<Field, 4> kAppendFields = {Field{"term", 0}, Field{"prev_term", 8},
                                                Field{"prev_index", 16}, Field{"commit", 24}};
constexpr std::array<Field, 4> kAppendReplyFields = {Field{"term", 0}, Field{"prev_index", 8},
                                                     Field{"success", 24}, Field{"match", 25}};

std::span<const Field> fields_of(MessageType type) {
  if (type == MessageType::PreVote || type == MessageType::RequestVote) return kVoteFields;
  if (type == MessageType::PreVoteReply || type == MessageType::RequestVoteReply) {
    return kVoteReplyFields;
  }
  if (type == MessageType::AppendEntries) return kAppendFields;
  if (type == MessageType::AppendReply) return kAppendReplyFields;
  return {};
}

void set_u64(std::string& bytes, std::size_t at, std::uint64_t value) {
  std::string raw;
  base::ByteWriter(raw).u64(value);
  bytes.replace(at, raw.size(), raw);
}

// The frame of `bytes` with a fresh checksum, and what it says.
base::Result<Frame> sealed(Direction direction, std::string bytes) {
  raftkv_seal(bytes);
  TRY(const std::optional<RaftkvHead> head, raftkv_head(bytes));
  CHECK(head.has_value());
  TRY(std::optional<Message> message, raftkv_message(*head, bytes));
  return Frame{direction, std::move(bytes), std::move(message), 0};
}

// The head of an answer to the request in `frame`; size and checksum come later.
std::string answer_head(const RaftkvHead& request, RaftkvType type) {
  std::string bytes;
  base::ByteWriter out(bytes);
  out.u64(0);
  out.u8(request.version);
  out.u8(static_cast<std::uint8_t>(type));
  out.u16(0);
  out.u32(request.to);
  out.u32(request.from);
  out.u64(request.cluster);
  if (request.version > 1) {
    out.u64(request.to_life);
    out.u64(request.from_life);
  }
  return bytes;
}

// A receiver that would grant nothing in the term of the request, or, asked about a term it has not
// entered, is in the one before.
std::string vote_refusal(const RaftkvHead& head, const Message& request) {
  const bool pre = head.type == RaftkvType::PreVote;
  const std::uint64_t term = request.term->value();
  std::string bytes = answer_head(head, pre ? RaftkvType::PreVoteReply : RaftkvType::VoteReply);
  base::ByteWriter out(bytes);
  out.u64(pre && term > 0 ? term - 1 : term);
  out.boolean(false);
  return bytes;
}

// A receiver of the same term that does not have the entry before, but may have the one before
// that.
std::string append_refusal(const RaftkvHead& head, const Message& request) {
  const std::uint64_t hint = request.prev_index->value() - 1;
  std::string bytes = answer_head(head, RaftkvType::AppendReply);
  base::ByteWriter out(bytes);
  out.u64(request.term->value());
  out.u64(request.prev_index->value());
  out.u64(*request.context);
  out.boolean(false);
  out.u64(0);
  out.u64(hint == 0 ? 0 : request.prev_term->value());
  out.u64(hint);
  return bytes;
}

// Certainly not done: overloaded, and no leader named.
std::string forward_refusal(const RaftkvHead& head, std::string_view frame) {
  std::string bytes = answer_head(head, RaftkvType::ForwardReply);
  base::ByteWriter out(bytes);
  out.bytes(frame.substr(head.bytes(), 8));
  out.u8(2);
  out.u8(2);
  out.boolean(false);
  out.u32(0);
  return bytes;
}

}  // namespace

base::Result<Frame> raftkv_altered(const Frame& frame, std::string_view field,
                                   std::uint64_t value) {
  CHECK(frame.message.has_value());
  TRY(const Field found,
      field_called(field, fields_of(frame.message->type), frame.message->name + " of raftkv"));
  TRY(const std::optional<RaftkvHead> head, raftkv_head(frame.bytes));
  CHECK(head.has_value());
  std::string bytes = frame.bytes;
  const std::size_t at = head->bytes() + found.at;
  if (field == "success") {
    bytes[at] = value == 0 ? '\0' : '\1';
  } else {
    set_u64(bytes, at, value);
  }
  return sealed(frame.direction, std::move(bytes));
}

base::Result<Frame> raftkv_refusal(const Frame& frame) {
  CHECK(frame.message.has_value());
  const Message& request = *frame.message;
  TRY(const std::optional<RaftkvHead> head, raftkv_head(frame.bytes));
  CHECK(head.has_value());
  std::string bytes;
  if (request.type == MessageType::PreVote || request.type == MessageType::RequestVote) {
    bytes = vote_refusal(*head, request);
  } else if (request.type == MessageType::AppendEntries) {
    if (request.prev_index->value() == 0) {
      return refused("a raftkv server never refuses entries from the beginning of the log");
    }
    bytes = append_refusal(*head, request);
  } else if (head->type == RaftkvType::Forward) {
    bytes = forward_refusal(*head, frame.bytes);
  } else {
    return refused(std::string(request.name) + " is not a request");
  }
  base::ByteWriter(bytes).set_u32(0, static_cast<std::uint32_t>(bytes.size() - kRaftkvPrefixBytes));
  return sealed(opposite(frame.direction), std::move(bytes));
}

base::Status raftkv_supports(Deed deed, MessageType type) {
  const std::string message(name(type));
  switch (type) {
    case MessageType::Heartbeat:
    case MessageType::HeartbeatReply:
      return refused("a heartbeat of raftkv is an AppendEntries without entries");
    case MessageType::InstallSnapshot:
    case MessageType::SnapshotReply:
    case MessageType::TimeoutNow:
    case MessageType::ReadIndex:
    case MessageType::ReadIndexReply:
    case MessageType::RequestVote:
    case MessageType::RequestVoteReply:
    case MessageType::PreVote:
    case MessageType::PreVoteReply:
    case MessageType::AppendEntries:
    case MessageType::AppendReply:
    case MessageType::Propose:
    case MessageType::ProposeReply:
    case MessageType::Other:
      break;
  }
  const bool request = type == MessageType::RequestVote || type == MessageType::PreVote ||
                       type == MessageType::AppendEntries || type == MessageType::Propose ||
                       type == MessageType::Other;
  if (deed == Deed::Answer && !request) return refused(message + " is not a request");
  if (deed == Deed::Alter && fields_of(type).empty()) {
    return refused(message + " of raftkv has no field that can be altered");
  }
  if (deed == Deed::Duplicate && type == MessageType::Propose) {
    return refused(
        "raftkv trusts a connection not to repeat a forwarded write: it would be done twice");
  }
  return base::Done{};
}

}  // namespace check::wire
