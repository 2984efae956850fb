// SPDX-License-Identifier: Apache-2.0
#include "check/wire/etcd_rewrite.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "check/wire/http_chunks.h"
#include "check/wire/protobuf_fields.h"
#include "check/wire/protocols.h"

namespace check::wire {
namespace {

constexpr std::size_t kWord = 8;

base::Error refused(std::string why) {
  return {base::ErrorCode::InvalidArgument, "etcd: " + std::move(why)};
}

std::string framed(char type, std::string_view message) {
  std::string data;
  if (type != 0) data.push_back(type);
  put_etcd_u64(data, message.size());
  data.append(message);
  return data;
}

// The encoded raftpb.Message in a frame that holds one.
std::string encoded_message(const Frame& frame, const EtcdShape& shape) {
  if (shape.kind == EtcdKind::Posted) {
    return frame.bytes.substr(frame.bytes.find("\r\n\r\n") + 4);
  }
  const std::string data = unchunked(frame.bytes, shape.left);
  if (shape.kind == EtcdKind::AppendEntries) {
    return etcd_full_append(*frame.message, data).substr(1 + kWord);
  }
  return data.substr(shape.kind == EtcdKind::MsgApp ? 1 + kWord : kWord);
}

// The number of the field in raftpb.Message, for this type of message.
std::optional<std::uint32_t> field_number(const Message& message, std::string_view field) {
  const MessageType type = message.type;
  const bool vote = type == MessageType::RequestVote || type == MessageType::PreVote;
  const bool reply = type == MessageType::AppendReply || type == MessageType::RequestVoteReply ||
                     type == MessageType::PreVoteReply;
  const bool append = type == MessageType::AppendEntries;
  if (field == "term" && message.term) return RaftpbField::kTerm;
  if (field == "commit" && (append || type == MessageType::Heartbeat)) return RaftpbField::kCommit;
  if (field == "prev_index" && append && message.entries.empty()) return RaftpbField::kIndex;
  if (field == "prev_term" && append) return RaftpbField::kLogTerm;
  if (field == "success" && reply) return RaftpbField::kReject;
  if (field == "match" && message.match) return RaftpbField::kIndex;
  if (field == "last_index" && vote) return RaftpbField::kIndex;
  if (field == "last_term" && vote) return RaftpbField::kLogTerm;
  return std::nullopt;
}

// The head of a POST with the length of another body.
std::string with_length(std::string_view head, std::size_t length) {
  constexpr std::string_view kField = "content-length:";
  std::string changed;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n") + 2;
    std::string name(head.substr(0, std::min(end, kField.size())));
    std::transform(name.begin(), name.end(), name.begin(), [](char byte) {
      return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
    });
    if (name == kField) {
      changed += "Content-Length: " + std::to_string(length) + "\r\n";
    } else {
      changed.append(head.substr(0, end));
    }
    head.remove_prefix(end);
  }
  return changed;
}

Frame rebuilt(const Frame& frame, const EtcdShape& shape, std::string_view message) {
  Frame changed{frame.direction, {}, {}, 0};
  EtcdShape to{shape.kind, true, 0};
  if (shape.kind == EtcdKind::Posted) {
    const std::size_t head = frame.bytes.find("\r\n\r\n") + 4;
    changed.bytes = with_length(std::string_view(frame.bytes).substr(0, head), message.size());
    changed.bytes.append(message);
  } else {
    const bool append = shape.kind != EtcdKind::Streamed;
    if (append) to.kind = EtcdKind::MsgApp;
    ChunkWriter().write(framed(append ? 2 : 0, message), changed.bytes);
  }
  changed.shape = to.packed();
  return changed;
}

}  // namespace

std::string etcd_full_append(const Message& append, std::string_view data) {
  RaftpbAppend message(append);
  std::size_t at = 1 + kWord;
  for (std::uint64_t left = etcd_u64(data, 1); left > 0; --left) {
    const std::uint64_t size = etcd_u64(data, at);
    message.entry(data.substr(at + kWord, size));
    at += kWord + size;
  }
  return framed(2, message.finish());
}

std::string etcd_link_heartbeat(EtcdKind head, std::size_t size) {
  CHECK(size > 0);
  if (head == EtcdKind::MsgAppHead) return std::string(size, '\0');
  std::string message;
  put_protobuf(message, RaftpbField::kType, RaftpbType::kHeartbeat);
  // Filled up with a context, which link heartbeats have no use for.
  if (size > kWord + message.size()) {
    const std::size_t room = size - kWord - message.size();
    put_protobuf(message, RaftpbField::kContext, std::string(room > 2 ? room - 2 : 0, '\0'));
  }
  return framed(0, message);
}

std::string etcd_neutral(const Frame& frame) {
  const EtcdShape shape = EtcdShape::unpacked(frame.shape);
  const std::string message = encoded_message(frame, shape);
  const auto offset = raftpb_type_offset(message);
  if (!offset) return frame.bytes;
  std::string bytes = frame.bytes;
  if (shape.kind == EtcdKind::Posted) {
    bytes[bytes.size() - message.size() + *offset] = static_cast<char>(RaftpbType::kBeat);
    return bytes;
  }
  bytes[chunked_offset(bytes, shape.left, kWord + *offset)] = static_cast<char>(RaftpbType::kBeat);
  return bytes;
}

base::Status etcd_supports(Deed deed, MessageType type) {
  const std::string what(name(type));
  if (type == MessageType::SnapshotReply || type == MessageType::ProposeReply) {
    return refused("there is no " + what);
  }
  const bool snapshot = type == MessageType::InstallSnapshot;
  switch (deed) {
    case Deed::Drop:
      return base::Done{};
    case Deed::Delay:
    case Deed::Duplicate:
    case Deed::Reorder:
      if (snapshot) return refused("a snapshot is the body of one request, which only goes whole");
      return base::Done{};
    case Deed::Corrupt:
      return refused("messages have no checksum, what is corrupt would be believed; alter a field");
    case Deed::Alter:
      if (snapshot) return refused("a snapshot and its database belong together");
      return base::Done{};
    case Deed::Answer:
      break;
  }
  return refused("the answer to " + what + " takes another connection");
}

base::Status etcd_supports(Deed deed, const Frame& frame) {
  const EtcdShape shape = EtcdShape::unpacked(frame.shape);
  const bool twice = deed == Deed::Delay || deed == Deed::Duplicate || deed == Deed::Reorder;
  if (shape.kind == EtcdKind::Posted && twice) {
    return refused("this message was posted, and a second request would get a second answer");
  }
  return base::Done{};
}

base::Result<Frame> etcd_altered(const Frame& frame, std::string_view field, std::uint64_t value) {
  const EtcdShape shape = EtcdShape::unpacked(frame.shape);
  if (!frame.message || shape.kind == EtcdKind::Snapshot) return refused("this cannot be altered");
  const auto number = field_number(*frame.message, field);
  if (!number) {
    return refused("a " + std::string(name(frame.message->type)) + " has no field \"" +
                   std::string(field) + "\" that can be altered; fields are term, and of appends " +
                   "commit, prev_term and (without entries) prev_index, of heartbeats commit, of " +
                   "votes last_index and last_term, of replies success and match");
  }
  if (field == "success" && value > 1) return refused("success is 0 or 1");
  if (value > kEtcdMostIndex) return etcd_nonsense("a value beyond 2^62:", value);
  const std::string message =
      with_raftpb(encoded_message(frame, shape), *number, field == "success" ? 1 - value : value);
  auto parsed = parse_raftpb(message, {frame.message->type == MessageType::AppendReply &&
                                       frame.message->last_index.has_value()});
  if (!parsed.ok()) return parsed.error();
  Frame changed = rebuilt(frame, shape, message);
  changed.message = std::move(parsed).value();
  return changed;
}

base::Result<Frame> etcd_refusal(const Frame&) {
  return refused("answers take another connection than what they answer");
}

}  // namespace check::wire
