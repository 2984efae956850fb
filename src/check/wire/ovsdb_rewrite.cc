// SPDX-License-Identifier: Apache-2.0
// Messages of OVSDB clusters altered and refused. Each stands for itself.
#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/json_writer.h"
#include "check/wire/ovsdb_message.h"
#include "check/wire/protocols.h"
#include "check/wire/rewrite.h"

namespace check::wire {
namespace {

struct Field {
  std::string_view name;
  std::string_view key;
};

constexpr std::array<Field, 4> kAppendFields = {
    Field{"term", "term"}, Field{"commit", "leader_commit"}, Field{"prev_index", "prev_log_index"},
    Field{"prev_term", "prev_log_term"}};
constexpr std::array<Field, 4> kAppendReplyFields = {
    Field{"term", "term"}, Field{"success", "result"}, Field{"match", "n_entries"},
    Field{"last_index", "log_end"}};
constexpr std::array<Field, 3> kVoteFields = {Field{"term", "term"},
                                              Field{"last_index", "last_log_index"},
                                              Field{"last_term", "last_log_term"}};
constexpr std::array<Field, 2> kVoteReplyFields = {Field{"term", "term"}, Field{"success", "vote"}};
constexpr std::array<Field, 3> kSnapshotFields = {
    Field{"term", "term"}, Field{"last_index", "last_index"}, Field{"last_term", "last_term"}};
constexpr std::array<Field, 2> kSnapshotReplyFields = {Field{"term", "term"},
                                                       Field{"match", "last_index"}};
constexpr std::array<Field, 1> kTermField = {Field{"term", "term"}};

std::span<const Field> fields_of(MessageType type) {
  if (type == MessageType::AppendEntries) return kAppendFields;
  if (type == MessageType::AppendReply) return kAppendReplyFields;
  if (type == MessageType::RequestVote || type == MessageType::PreVote) return kVoteFields;
  if (type == MessageType::RequestVoteReply || type == MessageType::PreVoteReply) {
    return kVoteReplyFields;
  }
  if (type == MessageType::InstallSnapshot) return kSnapshotFields;
  if (type == MessageType::SnapshotReply) return kSnapshotReplyFields;
  if (type == MessageType::TimeoutNow) return kTermField;
  return {};
}

std::string in_quotes(std::string_view text) {
  std::string out;
  base::append_json_string(out, text);
  return out;
}

// How the field's new value is written.
base::Result<std::string> written(const Message& message, std::string_view field,
                                  std::uint64_t value) {
  const bool reply = message.type == MessageType::AppendReply;
  if (field == "success" && reply) return in_quotes(value != 0 ? "OK" : "inconsistency");
  if (field == "success") return in_quotes(value != 0 ? message.receiver : message.sender);
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() - 1)) {
    return refused("a number too large for OVSDB");
  }
  if (field == "last_index" && reply) return std::to_string(value + 1);
  if (field != "match" || !reply) return std::to_string(value);
  if (value < message.prev_index->value()) {
    return refused("OVSDB cannot say a match before the place that was asked for");
  }
  return std::to_string(value - message.prev_index->value());
}

base::Result<Frame> remade(Direction direction, std::string bytes) {
  TRY(std::optional<Message> message, ovsdb_message(bytes));
  return Frame{direction, std::move(bytes), std::move(message), 0};
}

// The member of `object` as it stands there.
std::string copied(const std::string& object, std::string_view key) {
  const auto span = ovsdb_locate(object, key);
  if (!span) return {};
  return ',' + in_quotes(key) + ':' + object.substr(span->begin, span->end - span->begin);
}

}  // namespace

base::Result<Frame> ovsdb_altered(const Frame& frame, std::string_view field, std::uint64_t value) {
  CHECK(frame.message.has_value());
  const Message& message = *frame.message;
  TRY(const Field found,
      field_called(field, fields_of(message.type), std::string(message.name) + " of OVSDB"));
  const auto span = ovsdb_locate(frame.bytes, found.key);
  CHECK(span.has_value());
  TRY(const std::string text, written(message, field, value));
  std::string bytes = frame.bytes;
  bytes.replace(span->begin, span->end - span->begin, text);
  return remade(frame.direction, std::move(bytes));
}

base::Result<Frame> ovsdb_refusal(const Frame& frame) {
  CHECK(frame.message.has_value());
  const Message& request = *frame.message;
  std::string method;
  std::string rest;
  const std::string term = request.term ? ",\"term\":" + std::to_string(request.term->value()) : "";
  if (request.type == MessageType::AppendEntries) {
    // As if the log ended before the place asked for.
    const std::uint64_t end = std::max<std::uint64_t>(request.prev_index->value(), 1);
    method = "append_reply";
    rest = term + copied(frame.bytes, "prev_log_index") + copied(frame.bytes, "prev_log_term") +
           ",\"n_entries\":" + std::to_string(request.entries.size()) +
           ",\"log_end\":" + std::to_string(end) + ",\"result\":\"inconsistency\"";
  } else if (request.type == MessageType::RequestVote || request.type == MessageType::PreVote) {
    // As if the receiver had voted for itself.
    method = "vote_reply";
    rest = term + ",\"vote\":" + in_quotes(request.receiver);
    if (request.type == MessageType::PreVote) rest += ",\"is_prevote\":true";
  } else if (request.type == MessageType::Propose) {
    method = "execute_command_reply";
    rest = copied(frame.bytes, "result") + ",\"status\":\"not leader\"";
  } else {
    return refused(std::string(request.name) + " of OVSDB is never refused");
  }
  if (request.receiver.empty() || request.sender.empty()) {
    return refused("this " + std::string(request.name) + " of OVSDB does not say whom it is for");
  }
  return remade(opposite(frame.direction),
                "{\"id\":null,\"method\":" + in_quotes(method) + ",\"params\":[{\"from\":" +
                    in_quotes(request.receiver) + ",\"to\":" + in_quotes(request.sender) +
                    copied(frame.bytes, "cluster") + rest + "}]}");
}

base::Status ovsdb_supports(Deed deed, MessageType type) {
  const std::string message(name(type));
  switch (type) {
    case MessageType::Heartbeat:
    case MessageType::HeartbeatReply:
      return refused("a heartbeat of OVSDB is an AppendEntries without entries");
    case MessageType::ReadIndex:
    case MessageType::ReadIndexReply:
      return refused("OVSDB has no message of type " + message);
    case MessageType::RequestVote:
    case MessageType::RequestVoteReply:
    case MessageType::PreVote:
    case MessageType::PreVoteReply:
    case MessageType::AppendEntries:
    case MessageType::AppendReply:
    case MessageType::InstallSnapshot:
    case MessageType::SnapshotReply:
    case MessageType::TimeoutNow:
    case MessageType::Propose:
    case MessageType::ProposeReply:
    case MessageType::Other:
      break;
  }
  if (deed == Deed::Corrupt) {
    return refused("OVSDB has no checksum: a damaged message would be taken for another one");
  }
  if (deed == Deed::Duplicate && type == MessageType::Propose) {
    return refused("OVSDB trusts a connection not to repeat a forwarded transaction");
  }
  const bool answerable = type == MessageType::AppendEntries || type == MessageType::RequestVote ||
                          type == MessageType::PreVote || type == MessageType::Propose;
  if (deed == Deed::Answer && !answerable) {
    return refused(message + " of OVSDB is never refused");
  }
  if (deed == Deed::Alter && fields_of(type).empty()) {
    return refused(message + " of OVSDB has no field that can be altered");
  }
  return base::Done{};
}

}  // namespace check::wire
