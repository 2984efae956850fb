// SPDX-License-Identifier: Apache-2.0
// Messages of PySyncObj altered and refused. Each stands for itself. A changed one is written with
// the other opcodes as they were, and not compressed.
#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "check/wire/inflate.h"
#include "check/wire/pickle.h"
#include "check/wire/protocols.h"
#include "check/wire/pysyncobj_message.h"
#include "check/wire/rewrite.h"

namespace check::wire {
namespace {

// How PySyncObj calls a field. `step` is what it counts more than we do.
struct Field {
  std::string_view name;
  std::string_view key;
  std::uint64_t step = 0;
};

constexpr std::array<Field, 3> kVoteFields = {Field{"term", "term"},
                                              Field{"last_index", "last_log_index"},
                                              Field{"last_term", "last_log_term"}};
constexpr std::array<Field, 1> kVoteReplyFields = {Field{"term", "term"}};
constexpr std::array<Field, 4> kAppendFields = {
    Field{"term", "term"}, Field{"commit", "commit_index"}, Field{"prev_index", "prevLogIdx"},
    Field{"prev_term", "prevLogTerm"}};
constexpr std::array<Field, 2> kLeaderFields = {Field{"term", "term"},
                                                Field{"commit", "commit_index"}};
constexpr std::array<Field, 3> kAppendReplyFields = {Field{"success", "success"},
                                                     Field{"match", "next_node_idx", 1},
                                                     Field{"last_index", "next_node_idx", 1}};

std::span<const Field> fields_of(MessageType type) {
  if (type == MessageType::RequestVote) return kVoteFields;
  if (type == MessageType::RequestVoteReply) return kVoteReplyFields;
  if (type == MessageType::AppendEntries) return kAppendFields;
  if (type == MessageType::Heartbeat || type == MessageType::InstallSnapshot) return kLeaderFields;
  if (type == MessageType::AppendReply) return kAppendReplyFields;
  return {};
}

std::string number(std::uint64_t value) {
  std::string out;
  base::ByteWriter writer(out);
  if (value <= 0xff) {
    writer.bytes("K");
    writer.u8(static_cast<std::uint8_t>(value));
  } else if (value <= 0x7fffffff) {
    writer.bytes("J");
    writer.u32(static_cast<std::uint32_t>(value));
  } else {
    writer.bytes("\x8a\x09");  // Nine bytes: the sign has a place of its own.
    writer.u64(value);
    writer.u8(0);
  }
  return out;
}

std::string truth(bool value) { return value ? "\x88" : "\x89"; }

std::string text(std::string_view value) {
  std::string out = "X";
  base::ByteWriter(out).sized(value);
  return out;
}

// A pickled dictionary; the values are pickled already.
std::string dictionary(std::span<const std::pair<std::string_view, std::string>> members) {
  std::string out = "\x80\x02}(";
  for (const auto& [key, value] : members) out += text(key) + value;
  return out + "u.";
}

base::Result<std::string> content(const Frame& frame) {
  return inflate(std::string_view(frame.bytes).substr(kPysyncobjHead), Decoder::kMostWaiting);
}

// `pickle` with the value under `key` replaced.
base::Result<std::string> replaced(const std::string& pickle, std::string_view key,
                                   std::string_view value) {
  TRY(const Pickle read, Pickle::read(pickle));
  const PickleValue* old = read.find(read.root(), key);
  if (old == nullptr) return refused("this message of PySyncObj has no " + std::string(key));
  std::string out = pickle;
  out.replace(old->begin, old->end - old->begin, value);
  return out;
}

// What `pickle` says, where the frame it is made from knows more than the pickle.
base::Result<Frame> remade(const Frame& frame, const std::string& pickle) {
  TRY(const Pickle read, Pickle::read(pickle));
  auto known = pysyncobj_message(read);
  if (!known) return refused("a message of PySyncObj would not be one any more");
  Message message = std::move(known->message);
  message.sender = frame.message->sender;
  message.receiver = frame.message->receiver;
  if (message.type == MessageType::AppendReply && !frame.message->last_index) {
    message.last_index.reset();  // Whether it is the end of the log, only the connection can tell.
  }
  if (known->piece == PysyncobjMessage::Piece::Last) {
    message.type = frame.message->type;
    message.entries = frame.message->entries;
  }
  return Frame{frame.direction, pysyncobj_frame(pickle), std::move(message), frame.shape};
}

}  // namespace

base::Result<Frame> pysyncobj_altered(const Frame& frame, std::string_view field,
                                      std::uint64_t value) {
  CHECK(frame.message.has_value());
  TRY(const Field found, field_called(field, fields_of(frame.message->type),
                                      std::string(frame.message->name) + " of PySyncObj"));
  if (value >= std::uint64_t{1} << 62U) return refused("a number too large for PySyncObj");
  TRY(const std::string old, content(frame));
  if (field != "success") {
    TRY(const std::string changed, replaced(old, found.key, number(value + found.step)));
    return remade(frame, changed);
  }
  // Without the wish to continue elsewhere, a refusal would be ignored.
  TRY(const std::string half, replaced(old, "success", truth(value != 0)));
  TRY(const std::string whole, replaced(half, "reset", truth(value == 0)));
  return remade(frame, whole);
}

base::Result<Frame> pysyncobj_refusal(const Frame& frame) {
  CHECK(frame.message.has_value());
  const Message& request = *frame.message;
  std::string pickle;
  using Members = std::pair<std::string_view, std::string>;
  if (request.type == MessageType::AppendEntries && request.prev_index > Index(0)) {
    // As if the terms differed at the place before the entries.
    pickle =
        dictionary(std::array{Members{"type", text("next_node_idx")},
                              Members{"next_node_idx", number(request.prev_index->value())},
                              Members{"reset", truth(true)}, Members{"success", truth(false)}});
  } else if (request.type == MessageType::Propose) {
    TRY(const std::string asked, content(frame));
    TRY(const Pickle read, Pickle::read(asked));
    const PickleValue* id = read.find(read.root(), "request_id");
    const auto which = id == nullptr ? std::nullopt : id->natural();
    if (!which) return refused("nobody waits for the answer to this apply_command of PySyncObj");
    constexpr std::uint64_t kNotLeader = 4;  // FAIL_REASON.NOT_LEADER in pysyncobj/config.py.
    pickle = dictionary(std::array{Members{"type", text("apply_command_response")},
                                   Members{"request_id", number(*which)},
                                   Members{"error", number(kNotLeader)}});
  } else if (request.type == MessageType::RequestVote) {
    return refused("PySyncObj does not refuse a vote but stays silent: drop the request instead");
  } else {
    return refused(std::string(request.name) + " of PySyncObj is never refused");
  }
  TRY(const Pickle read, Pickle::read(pickle));
  auto known = pysyncobj_message(read);
  CHECK(known.has_value());
  Message message = std::move(known->message);
  message.sender = request.receiver;
  message.receiver = request.sender;
  message.last_index.reset();  // Not the end of any log.
  return Frame{opposite(frame.direction), pysyncobj_frame(pickle), std::move(message), 0};
}

base::Status pysyncobj_supports(Deed deed, MessageType type) {
  const std::string message(name(type));
  switch (type) {
    case MessageType::PreVote:
    case MessageType::PreVoteReply:
    case MessageType::SnapshotReply:
    case MessageType::TimeoutNow:
    case MessageType::ReadIndex:
    case MessageType::ReadIndexReply:
      return refused("PySyncObj has no message of type " + message);
    case MessageType::RequestVote:
    case MessageType::RequestVoteReply:
    case MessageType::AppendEntries:
    case MessageType::AppendReply:
    case MessageType::Heartbeat:
    case MessageType::HeartbeatReply:
    case MessageType::InstallSnapshot:
    case MessageType::Propose:
    case MessageType::ProposeReply:
    case MessageType::Other:
      break;
  }
  const bool pieces = type == MessageType::Heartbeat || type == MessageType::InstallSnapshot;
  if (pieces && (deed == Deed::Duplicate || deed == Deed::Reorder)) {
    return refused(message +
                   "s of PySyncObj carry pieces without numbers: their order is their meaning");
  }
  const bool command = type == MessageType::Propose || type == MessageType::ProposeReply;
  if (command && deed == Deed::Duplicate) {
    return refused(
        "PySyncObj trusts a connection not to repeat a forwarded command: it would be done twice");
  }
  if (deed == Deed::Answer && type != MessageType::AppendEntries && type != MessageType::Propose) {
    return refused(message + " of PySyncObj is never refused");
  }
  if (deed == Deed::Alter && fields_of(type).empty()) {
    return refused(message + " of PySyncObj has no field that can be altered");
  }
  return base::Done{};
}

}  // namespace check::wire
