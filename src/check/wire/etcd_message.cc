// SPDX-License-Identifier: Apache-2.0
#include "check/wire/etcd_message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "check/wire/protobuf_fields.h"

namespace check::wire {
namespace {

struct RaftpbMessage {
  std::array<std::uint64_t, 13> number = {};  // By field.
  std::vector<Entry> entries = {};
  std::string_view first_data = {};  // Of the first entry.
  std::string_view context = {};
  std::uint64_t snapshot_index = 0;
  std::uint64_t snapshot_term = 0;

  std::uint64_t operator[](std::uint32_t field) const { return number.at(field); }
};

struct Meaning {
  MessageType type;
  std::string_view name;
};

// By number (raftpb/raft.proto, enum MessageType).
constexpr std::array<Meaning, 24> kMeanings = {{
    {MessageType::Other, "MsgHup"},
    {MessageType::Other, "MsgBeat"},
    {MessageType::Propose, "MsgProp"},
    {MessageType::AppendEntries, "MsgApp"},
    {MessageType::AppendReply, "MsgAppResp"},
    {MessageType::RequestVote, "MsgVote"},
    {MessageType::RequestVoteReply, "MsgVoteResp"},
    {MessageType::InstallSnapshot, "MsgSnap"},
    {MessageType::Heartbeat, "MsgHeartbeat"},
    {MessageType::HeartbeatReply, "MsgHeartbeatResp"},
    {MessageType::Other, "MsgUnreachable"},
    {MessageType::Other, "MsgSnapStatus"},
    {MessageType::Other, "MsgCheckQuorum"},
    {MessageType::Other, "MsgTransferLeader"},
    {MessageType::TimeoutNow, "MsgTimeoutNow"},
    {MessageType::ReadIndex, "MsgReadIndex"},
    {MessageType::ReadIndexReply, "MsgReadIndexResp"},
    {MessageType::PreVote, "MsgPreVote"},
    {MessageType::PreVoteReply, "MsgPreVoteResp"},
    {MessageType::Other, "MsgStorageAppend"},
    {MessageType::Other, "MsgStorageAppendResp"},
    {MessageType::Other, "MsgStorageApply"},
    {MessageType::Other, "MsgStorageApplyResp"},
    {MessageType::Other, "MsgForgetLeader"},
}};

struct EntryParts {
  Entry entry;
  std::uint64_t type = 0;
  std::string_view data = {};
};

bool is_number(const ProtobufField& field) { return field.is_integer; }

base::Result<EntryParts> entry_parts(std::string_view bytes) {
  EntryParts parts;
  ProtobufReader in(bytes);
  for (ProtobufField field; in.next(field);) {
    if (field.number > 4) continue;
    if (is_number(field) != (field.number != 4)) return etcd_nonsense("entry field", field.number);
    if (field.number == 1) parts.type = field.integer;
    if (field.number == 2) parts.entry.term = Term(field.integer);
    if (field.number == 3) parts.entry.index = Index(field.integer);
    if (field.number == 4) parts.data = field.bytes;
  }
  if (!in.ok()) return etcd_nonsense("entry with a broken field at byte", in.position());
  if (parts.type > 2) return etcd_nonsense("entry of type", parts.type);
  const std::uint64_t most = std::max(parts.entry.term.value(), parts.entry.index.value());
  if (most > kEtcdMostIndex) return etcd_nonsense("entry with term or index", most);
  return parts;
}

Entry finished(const EntryParts& parts, std::string& scratch) {
  Entry entry = parts.entry;
  if (parts.type != 0) {
    entry.kind = EntryKind::Configuration;
  } else if (parts.data.empty()) {
    entry.kind = EntryKind::Noop;
  }
  // A change of configuration and a command are different contents, whatever their data.
  scratch.assign(1, static_cast<char>(parts.type));
  scratch.append(parts.data);
  entry.hash = hash_of(scratch);
  entry.bytes = parts.data.size();
  return entry;
}

base::Status parse_snapshot(std::string_view bytes, RaftpbMessage& message) {
  ProtobufReader in(bytes);
  for (ProtobufField field; in.next(field);) {
    if (field.number != 2) continue;
    ProtobufReader metadata(field.bytes);
    for (ProtobufField part; metadata.next(part);) {
      if (part.number == 2) message.snapshot_index = part.integer;
      if (part.number == 3) message.snapshot_term = part.integer;
    }
    if (!metadata.ok()) return etcd_nonsense("snapshot with broken metadata of size", bytes.size());
  }
  if (!in.ok()) return etcd_nonsense("snapshot with a broken field at byte", in.position());
  return base::Done{};
}

base::Status parse_field(const ProtobufField& field, RaftpbMessage& message, std::string& scratch) {
  const bool content = field.number == RaftpbField::kEntries ||
                       field.number == RaftpbField::kSnapshot ||
                       field.number == RaftpbField::kContext;
  if (field.is_integer == content) return etcd_nonsense("message field", field.number);
  if (!content) {
    message.number.at(field.number) = field.integer;
  } else if (field.number == RaftpbField::kContext) {
    message.context = field.bytes;
  } else if (field.number == RaftpbField::kSnapshot) {
    return parse_snapshot(field.bytes, message);
  } else {
    if (message.entries.size() == kEtcdMostEntries) {
      return etcd_nonsense("message with more entries than", kEtcdMostEntries);
    }
    TRY(const EntryParts parts, entry_parts(field.bytes));
    if (message.entries.empty()) message.first_data = parts.data;
    message.entries.push_back(finished(parts, scratch));
  }
  return base::Done{};
}

base::Result<RaftpbMessage> parse_fields(std::string_view bytes) {
  RaftpbMessage message;
  std::string scratch;
  ProtobufReader in(bytes);
  for (ProtobufField field; in.next(field);) {
    if (field.number > RaftpbField::kContext) continue;
    TRY([[maybe_unused]] const base::Done done, parse_field(field, message, scratch));
  }
  if (!in.ok()) return etcd_nonsense("message with a broken field at byte", in.position());
  const std::uint64_t most =
      std::max({message[RaftpbField::kTerm], message[RaftpbField::kLogTerm],
                message[RaftpbField::kIndex], message[RaftpbField::kCommit],
                message[RaftpbField::kRejectHint], message.snapshot_index, message.snapshot_term});
  if (most > kEtcdMostIndex) return etcd_nonsense("message with term or index", most);
  return message;
}

// Of a read index: eight bytes, big end first, chosen by whoever asks.
std::optional<std::uint64_t> context_of(std::string_view bytes) {
  if (bytes.size() != 8) return std::nullopt;
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

base::Status fill_append(RaftpbMessage& from, Message& message) {
  message.prev_index = Index(from[RaftpbField::kIndex]);
  message.prev_term = Term(from[RaftpbField::kLogTerm]);
  message.commit = Index(from[RaftpbField::kCommit]);
  std::uint64_t index = from[RaftpbField::kIndex];
  for (const Entry& entry : from.entries) {
    index += 1;
    if (entry.index.value() != index) return etcd_nonsense("gap before entry", index);
  }
  message.entries = std::move(from.entries);
  return base::Done{};
}

void fill_append_reply(const RaftpbMessage& from, const EtcdSender& sender, Message& message) {
  const Index index(from[RaftpbField::kIndex]);
  if (from[RaftpbField::kReject] != 0) {
    message.success = false;
    message.prev_index = index;
    if (sender.hints_last_index) message.last_index = Index(from[RaftpbField::kRejectHint]);
  } else if (index.value() > 0) {
    message.success = true;
    message.match = index;
  }
  // Neither: "my term is higher", said to a leader or candidate of before.
}

void fill_vote(const RaftpbMessage& from, Message& message) {
  message.last_index = Index(from[RaftpbField::kIndex]);
  message.last_term = Term(from[RaftpbField::kLogTerm]);
  message.transfer = from.context == "CampaignTransfer";
}

base::Status fill(RaftpbMessage& from, const EtcdSender& sender, Message& message) {
  const bool rejected = from[RaftpbField::kReject] != 0;
  switch (message.type) {
    case MessageType::AppendEntries:
      return fill_append(from, message);
    case MessageType::AppendReply:
      fill_append_reply(from, sender, message);
      break;
    case MessageType::PreVote:
      message.term_entered = false;
      fill_vote(from, message);
      break;
    case MessageType::RequestVote:
      fill_vote(from, message);
      break;
    case MessageType::PreVoteReply:
      message.term_entered = rejected;
      message.success = !rejected;
      break;
    case MessageType::RequestVoteReply:
      message.success = !rejected;
      break;
    case MessageType::InstallSnapshot:
      message.last_index = Index(from.snapshot_index);
      message.last_term = Term(from.snapshot_term);
      break;
    case MessageType::Heartbeat:
      message.commit = Index(from[RaftpbField::kCommit]);
      message.context = context_of(from.context);
      break;
    case MessageType::HeartbeatReply:
      message.success = true;
      message.context = context_of(from.context);
      break;
    case MessageType::ReadIndexReply:
      message.commit = Index(from[RaftpbField::kIndex]);
      message.context = context_of(from.first_data);
      break;
    case MessageType::ReadIndex:
      message.context = context_of(from.first_data);
      break;
    case MessageType::Propose:
      message.entries = std::move(from.entries);
      break;
    case MessageType::SnapshotReply:
    case MessageType::TimeoutNow:
    case MessageType::ProposeReply:
    case MessageType::Other:
      break;
  }
  return base::Done{};
}

}  // namespace

base::Error etcd_nonsense(std::string_view what, std::uint64_t value) {
  return {base::ErrorCode::InvalidArgument,
          "etcd sends no " + std::string(what) + " " + std::to_string(value)};
}

base::Result<Entry> parse_raftpb_entry(std::string_view bytes) {
  TRY(const EntryParts parts, entry_parts(bytes));
  std::string scratch;
  return finished(parts, scratch);
}

base::Result<std::optional<Message>> parse_raftpb(std::string_view bytes,
                                                  const EtcdSender& sender) {
  TRY(RaftpbMessage from, parse_fields(bytes));
  const std::uint64_t type = from[RaftpbField::kType];
  const std::uint64_t to_id = from[RaftpbField::kTo];
  const std::uint64_t from_id = from[RaftpbField::kFrom];
  if (type == RaftpbType::kHeartbeat && to_id == 0 && from_id == 0) {
    return std::optional<Message>();
  }
  if (type >= kMeanings.size()) return etcd_nonsense("message of type", type);
  Message message;
  message.type = kMeanings.at(type).type;
  message.name = kMeanings.at(type).name;
  if (from_id != 0) message.sender = etcd_id(from_id);
  if (to_id != 0) message.receiver = etcd_id(to_id);
  if (from[RaftpbField::kTerm] != 0) message.term = Term(from[RaftpbField::kTerm]);
  TRY([[maybe_unused]] const base::Done done, fill(from, sender, message));
  return std::optional(std::move(message));
}

RaftpbAppend::RaftpbAppend(const Message& append)
    : commit_(append.commit.value_or(Index()).value()) {
  put_protobuf(bytes_, RaftpbField::kType, RaftpbType::kApp);
  put_protobuf(bytes_, RaftpbField::kTo, etcd_id_value(append.receiver));
  put_protobuf(bytes_, RaftpbField::kFrom, etcd_id_value(append.sender));
  put_protobuf(bytes_, RaftpbField::kTerm, append.term.value_or(Term()).value());
  put_protobuf(bytes_, RaftpbField::kLogTerm, append.prev_term.value_or(Term()).value());
  put_protobuf(bytes_, RaftpbField::kIndex, append.prev_index.value_or(Index()).value());
}

void RaftpbAppend::entry(std::string_view encoded) {
  put_protobuf(bytes_, RaftpbField::kEntries, encoded);
}

std::string RaftpbAppend::finish() {
  put_protobuf(bytes_, RaftpbField::kCommit, commit_);
  put_protobuf(bytes_, RaftpbField::kReject, 0);
  put_protobuf(bytes_, RaftpbField::kRejectHint, 0);
  return std::move(bytes_);
}

std::string with_raftpb(std::string_view message, std::uint32_t number, std::uint64_t value) {
  std::string changed;
  bool written = false;
  ProtobufReader in(message);
  for (ProtobufField field; in.next(field);) {
    if (field.number >= number && !written) {
      put_protobuf(changed, number, value);
      written = true;
    }
    if (field.number != number) {
      changed.append(message.substr(field.begin, in.position() - field.begin));
    }
  }
  if (!written) put_protobuf(changed, number, value);
  return changed;
}

std::optional<std::size_t> raftpb_type_offset(std::string_view message) {
  std::optional<std::size_t> found;
  ProtobufReader in(message);
  for (ProtobufField field; in.next(field);) {
    if (field.number != RaftpbField::kType) continue;
    if (found || !field.is_integer || in.position() != field.value_begin + 1) return std::nullopt;
    found = field.value_begin;
  }
  return found;
}

std::string etcd_id(std::uint64_t id) {
  std::array<char, 16> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), id, 16);
  return {text.data(), end.ptr};
}

std::uint64_t etcd_id_value(std::string_view id) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), value, 16);
  return error == std::errc() && end == id.data() + id.size() ? value : 0;
}

}  // namespace check::wire
