// SPDX-License-Identifier: Apache-2.0
// Messages of NATS Rafts altered and refused. Each stands for itself.
#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "check/wire/nats_line.h"
#include "check/wire/nats_message.h"
#include "check/wire/protocols.h"
#include "check/wire/rewrite.h"

namespace check::wire {
namespace {

// Where a field lies in the payload. Success is one byte, all others are eight.
struct Field {
  std::string_view name;
  std::size_t at;
};

constexpr std::array<Field, 4> kAppendFields = {Field{"term", 8}, Field{"commit", 16},
                                                Field{"prev_term", 24}, Field{"prev_index", 32}};
constexpr std::array<Field, 4> kSnapshotFields = {Field{"term", 8}, Field{"commit", 16},
                                                  Field{"last_term", 24}, Field{"last_index", 32}};
constexpr std::array<Field, 4> kAppendReplyFields = {Field{"term", 0}, Field{"match", 8},
                                                     Field{"last_index", 8}, Field{"success", 24}};
constexpr std::array<Field, 3> kVoteFields = {Field{"term", 0}, Field{"last_term", 8},
                                              Field{"last_index", 16}};
constexpr std::array<Field, 2> kVoteReplyFields = {Field{"term", 0}, Field{"success", 16}};

std::span<const Field> fields_of(MessageType type) {
  if (type == MessageType::AppendEntries) return kAppendFields;
  if (type == MessageType::AppendReply) return kAppendReplyFields;
  if (type == MessageType::InstallSnapshot) return kSnapshotFields;
  if (type == MessageType::RequestVote) return kVoteFields;
  if (type == MessageType::RequestVoteReply) return kVoteReplyFields;
  return {};
}

// The parts of a frame that holds a message.
struct Parts {
  NatsLine line;
  std::string_view before_subject;  // Verb and account.
  std::size_t payload_at = 0;
  std::string_view payload;
};

Parts parts_of(const Frame& frame) {
  const std::string_view bytes = frame.bytes;
  const std::size_t end = bytes.find("\r\n");
  CHECK(end != std::string_view::npos);
  const auto line = nats_line(bytes.substr(0, end));
  CHECK(line.ok() && line.value().has_value());
  Parts parts;
  parts.line = *line.value();
  parts.before_subject =
      bytes.substr(0, static_cast<std::size_t>(parts.line.subject.data() - bytes.data()));
  parts.payload_at = end + 2 + parts.line.header_bytes;
  parts.payload = bytes.substr(parts.payload_at, parts.line.total_bytes - parts.line.header_bytes);
  return parts;
}

std::optional<Message> read(const Message& like, std::string_view payload, bool catch_up) {
  if (like.name == "CR") return nats_catch_up(payload);
  if (like.type == MessageType::AppendReply) return nats_append_reply(payload, catch_up);
  if (like.type == MessageType::RequestVote) return nats_vote(payload);
  if (like.type == MessageType::RequestVoteReply) return nats_vote_reply(payload);
  auto append = nats_append(payload);
  return append ? std::optional(std::move(append->message)) : std::nullopt;
}

base::Result<Frame> remade(const Frame& frame, std::string bytes) {
  Frame made{frame.direction, std::move(bytes), std::nullopt, 0};
  const Parts parts = parts_of(made);
  auto message = read(*frame.message, parts.payload, parts.line.reply.starts_with("$NRG.CR."));
  if (!message) return refused("a message of NATS would not be one any more");
  message->group = frame.message->group;
  message->sender = frame.message->sender;
  message->receiver = frame.message->receiver;
  made.message = std::move(message);
  return made;
}

}  // namespace

base::Result<Frame> nats_altered(const Frame& frame, std::string_view field, std::uint64_t value) {
  CHECK(frame.message.has_value());
  TRY(const Field found, field_called(field, fields_of(frame.message->type),
                                      std::string(frame.message->name) + " of NATS"));
  std::string raw;
  base::ByteWriter out(raw);
  if (field == "success") {
    out.boolean(value != 0);
  } else {
    out.u64(value);
  }
  std::string bytes = frame.bytes;
  bytes.replace(parts_of(frame).payload_at + found.at, raw.size(), raw);
  return remade(frame, std::move(bytes));
}

base::Result<Frame> nats_refusal(const Frame& frame) {
  CHECK(frame.message.has_value());
  const Message& request = *frame.message;
  const bool append = request.type == MessageType::AppendEntries;
  if (!append && request.type != MessageType::RequestVote) {
    return refused(std::string(request.name) + " of NATS is never refused");
  }
  const Parts parts = parts_of(frame);
  if (parts.line.reply.empty())
    return refused("nobody waits for the answer to this message of NATS");
  if (request.receiver.size() != kNatsIdBytes) {
    return refused("the receiver has not said yet what the Rafts of NATS call it");
  }
  std::string payload;
  base::ByteWriter out(payload);
  out.u64(append ? request.prev_term->value() : request.term->value());
  if (append) out.u64(request.prev_index->value());
  out.bytes(request.receiver);
  out.boolean(false);
  const std::size_t account = parts.before_subject.find(' ');
  std::string bytes = "RMSG" + std::string(parts.before_subject.substr(account)) +
                      std::string(parts.line.reply) + " " + std::to_string(payload.size()) +
                      "\r\n" + payload + "\r\n";
  auto message = append ? nats_append_reply(payload, false) : nats_vote_reply(payload);
  CHECK(message.has_value());
  message->group = request.group;
  message->receiver = request.sender;
  return Frame{opposite(frame.direction), std::move(bytes), std::move(message), 0};
}

base::Status nats_supports(Deed deed, MessageType type) {
  const std::string message(name(type));
  switch (type) {
    case MessageType::Heartbeat:
    case MessageType::HeartbeatReply:
      return refused("a heartbeat of NATS is an AppendEntries without entries");
    case MessageType::PreVote:
    case MessageType::PreVoteReply:
    case MessageType::SnapshotReply:
    case MessageType::TimeoutNow:
    case MessageType::ReadIndex:
    case MessageType::ReadIndexReply:
    case MessageType::ProposeReply:
      return refused("NATS has no message of type " + message);
    case MessageType::RequestVote:
    case MessageType::RequestVoteReply:
    case MessageType::AppendEntries:
    case MessageType::AppendReply:
    case MessageType::InstallSnapshot:
    case MessageType::Propose:
    case MessageType::Other:
      break;
  }
  if (deed == Deed::Corrupt) {
    return refused("NATS has no checksum: a damaged message would be taken for another one");
  }
  if (deed == Deed::Duplicate && type == MessageType::Propose) {
    return refused("NATS trusts a route not to repeat a proposal: it would be done twice");
  }
  if (deed == Deed::Answer && type != MessageType::AppendEntries &&
      type != MessageType::RequestVote) {
    return refused(message + " of NATS is never refused");
  }
  if (deed == Deed::Alter && fields_of(type).empty()) {
    return refused(message + " of NATS has no field that can be altered");
  }
  return base::Done{};
}

}  // namespace check::wire
