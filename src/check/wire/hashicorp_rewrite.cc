// SPDX-License-Identifier: Apache-2.0
// What can be done to messages of hashicorp/raft without breaking the order by which answers find
// their requests (docs/formats/wire-hashicorp.md).
#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "base/check.h"
#include "check/wire/hashicorp_message.h"
#include "check/wire/msgpack.h"
#include "check/wire/protocols.h"
#include "check/wire/rewrite.h"

namespace check::wire {
namespace {

// How hashicorp/raft calls a field.
struct Field {
  std::string_view name;
  std::string_view key;
};
constexpr std::array<Field, 3> kVoteFields = {
    {{"term", "Term"}, {"last_index", "LastLogIndex"}, {"last_term", "LastLogTerm"}}};
constexpr std::array<Field, 2> kVoteReplyFields = {{{"term", "Term"}, {"success", "Granted"}}};
constexpr std::array<Field, 4> kAppendFields = {{{"term", "Term"},
                                                 {"prev_index", "PrevLogEntry"},
                                                 {"prev_term", "PrevLogTerm"},
                                                 {"commit", "LeaderCommitIndex"}}};
constexpr std::array<Field, 3> kAppendReplyFields = {
    {{"term", "Term"}, {"success", "Success"}, {"last_index", "LastLog"}}};
constexpr std::array<Field, 2> kSnapshotReplyFields = {{{"term", "Term"}, {"success", "Success"}}};
constexpr std::array<Field, 1> kHeartbeatFields = {{{"term", "Term"}}};

std::span<const Field> fields_of(MessageType type) {
  switch (type) {
    case MessageType::RequestVote:
    case MessageType::PreVote:
    case MessageType::InstallSnapshot:
      return kVoteFields;
    case MessageType::RequestVoteReply:
    case MessageType::PreVoteReply:
      return kVoteReplyFields;
    case MessageType::AppendEntries:
      return kAppendFields;
    case MessageType::AppendReply:
    case MessageType::HeartbeatReply:
      return kAppendReplyFields;
    case MessageType::Heartbeat:
      return kHeartbeatFields;
    case MessageType::SnapshotReply:
      return kSnapshotReplyFields;
    case MessageType::TimeoutNow:
    case MessageType::ReadIndex:
    case MessageType::ReadIndexReply:
    case MessageType::Propose:
    case MessageType::ProposeReply:
    case MessageType::Other:
      break;
  }
  return {};
}

// The message with the field changed. An answer's `match` is not in its bytes, and only a success
// has one; what a success says in LastLog is not its last index.
void set(Message& message, std::string_view field, std::uint64_t value) {
  if (field == "term") message.term = Term(value);
  if (field == "prev_index") message.prev_index = Index(value);
  if (field == "prev_term") message.prev_term = Term(value);
  if (field == "commit") message.commit = Index(value);
  if (field == "last_index" && message.last_index) message.last_index = Index(value);
  if (field == "last_term") message.last_term = Term(value);
  if (field == "success") message.success = value != 0;
  if (field == "success" && value == 0) message.match.reset();
}

bool is_answer(const Frame& frame) { return frame.direction == Direction::FromAcceptor; }

// What the receiver of the request would say, had it refused.
struct Refusal {
  std::string bytes;
  Message message;
};

void member(std::string& out, std::string_view key, std::uint64_t value) {
  msgpack_raw(out, key);
  msgpack_natural(out, value);
}
void refuse_member(std::string& out, std::string_view key) {
  msgpack_raw(out, key);
  msgpack_boolean(out, false);
}

Refusal vote_refusal(const Message& request) {
  const bool pre = request.type == MessageType::PreVote;
  Refusal made;
  made.message.type = pre ? MessageType::PreVoteReply : MessageType::RequestVoteReply;
  made.message.name = pre ? "RequestPreVoteResponse" : "RequestVoteResponse";
  // Who is asked about a term not entered yet is in the one before.
  const std::uint64_t term = request.term->value();
  made.message.term = Term(pre && term > 0 ? term - 1 : term);
  msgpack_map(made.bytes, 3);
  refuse_member(made.bytes, "Granted");
  member(made.bytes, "ProtocolVersion", 3);
  member(made.bytes, "Term", made.message.term->value());
  return made;
}

// A follower whose log ends before what the leader thinks.
Refusal append_refusal(const Message& request) {
  const std::uint64_t prev = request.prev_index.value_or(Index()).value();
  const std::uint64_t last = prev > 0 ? prev - 1 : 0;
  Refusal made;
  const bool heartbeat = request.type == MessageType::Heartbeat;
  made.message.type = heartbeat ? MessageType::HeartbeatReply : MessageType::AppendReply;
  made.message.name = "AppendEntriesResponse";
  made.message.term = request.term;
  made.message.prev_index = request.prev_index;
  made.message.prev_term = request.prev_term;
  made.message.last_index = Index(last);
  msgpack_map(made.bytes, 5);
  member(made.bytes, "LastLog", last);
  refuse_member(made.bytes, "NoRetryBackoff");
  member(made.bytes, "ProtocolVersion", 3);
  refuse_member(made.bytes, "Success");
  member(made.bytes, "Term", request.term->value());
  return made;
}

Refusal snapshot_refusal(const Message& request) {
  Refusal made;
  made.message.type = MessageType::SnapshotReply;
  made.message.name = "InstallSnapshotResponse";
  made.message.term = request.term;
  msgpack_map(made.bytes, 3);
  member(made.bytes, "ProtocolVersion", 3);
  refuse_member(made.bytes, "Success");
  member(made.bytes, "Term", request.term->value());
  return made;
}

// Requests go out as they come. With a snapshot that is left out go its bytes.
class RequestEncoder final : public Encoder {
 public:
  std::string forward(const Frame& frame) override {
    const bool of_left_out = !frame.message && frame.shape != 0 && frame.shape == left_out_;
    return of_left_out ? std::string() : frame.bytes;
  }
  std::string leave_out(const Frame& frame) override {
    left_out_ = frame.shape;
    return {};
  }
  std::string out_of_turn(const Frame& frame) override {
    if (left_out_ == frame.shape) left_out_ = 0;
    return frame.bytes;
  }

 private:
  std::uint32_t left_out_ = 0;  // The last request that was.
};

// Answers go out in the order of their requests. One that is given in a receiver's place waits for
// the real ones before it.
class AnswerEncoder final : public Encoder {
 public:
  std::string forward(const Frame& frame) override {
    if (frame.shape == 0) return frame.bytes;
    answered_ = frame.shape;
    return frame.bytes + due();
  }
  std::string leave_out(const Frame&) override { return {}; }
  std::string out_of_turn(const Frame& frame) override {
    waiting_[frame.shape] = frame.bytes;
    return due();
  }

 private:
  std::string due() {
    std::string out;
    while (!waiting_.empty() && waiting_.begin()->first <= answered_ + 1) {
      answered_ = std::max(answered_, waiting_.begin()->first);
      out += waiting_.begin()->second;
      waiting_.erase(waiting_.begin());
    }
    return out;
  }

  std::uint32_t answered_ = 0;  // The last request whose answer went out.
  std::map<std::uint32_t, std::string> waiting_;
};

bool is_request(MessageType type) {
  switch (type) {
    case MessageType::RequestVote:
    case MessageType::PreVote:
    case MessageType::AppendEntries:
    case MessageType::Heartbeat:
    case MessageType::InstallSnapshot:
    case MessageType::TimeoutNow:
      return true;
    case MessageType::RequestVoteReply:
    case MessageType::PreVoteReply:
    case MessageType::AppendReply:
    case MessageType::HeartbeatReply:
    case MessageType::SnapshotReply:
    case MessageType::ReadIndex:
    case MessageType::ReadIndexReply:
    case MessageType::Propose:
    case MessageType::ProposeReply:
    case MessageType::Other:
      break;
  }
  return false;
}

}  // namespace

std::unique_ptr<Encoder> make_hashicorp_encoder(Direction direction) {
  if (direction == Direction::FromDialer) return std::make_unique<RequestEncoder>();
  return std::make_unique<AnswerEncoder>();
}

base::Status hashicorp_supports(Deed deed, MessageType type) {
  const std::string message(name(type));
  if (type == MessageType::ReadIndex || type == MessageType::ReadIndexReply ||
      type == MessageType::Propose || type == MessageType::ProposeReply) {
    return refused("hashicorp/raft has no message of type " + message);
  }
  switch (deed) {
    case Deed::Delay:
      return base::Done{};
    case Deed::Drop:
    case Deed::Duplicate:
    case Deed::Reorder:
      return refused(
          "replies are matched by order, so no message can be dropped, repeated or moved: close "
          "the connection, delay the message or answer it instead");
    case Deed::Corrupt:
      return refused(
          "hashicorp/raft has no checksum: what a corrupt message leads to is not its fault");
    case Deed::Alter:
      if (fields_of(type).empty()) return refused(message + " has no field that can be altered");
      return base::Done{};
    case Deed::Answer:
      break;
  }
  if (!is_request(type)) return refused(message + " is not a request");
  if (type == MessageType::TimeoutNow) return refused("nobody refuses a TimeoutNow");
  return base::Done{};
}

base::Result<Frame> hashicorp_altered(const Frame& frame, std::string_view field,
                                      std::uint64_t value) {
  CHECK(frame.message.has_value());
  const std::string& name = frame.message->name;
  TRY(const Field known, field_called(field, fields_of(frame.message->type), name));
  if (value >= std::uint64_t{1} << 62U) return refused("the value is out of range");
  const auto place = hashicorp_member(frame.bytes, is_answer(frame), known.key);
  if (!place) return refused(name + " of this version has no " + std::string(known.key));
  std::string replacement;
  if (field == "success") {
    msgpack_boolean(replacement, value != 0);
  } else {
    msgpack_natural(replacement, value);
  }
  Frame changed = frame;
  changed.bytes.replace(place->first, place->second - place->first, replacement);
  set(*changed.message, field, value);
  return changed;
}

base::Result<Frame> hashicorp_refusal(const Frame& frame) {
  CHECK(frame.message.has_value());
  const Message& request = *frame.message;
  if (!hashicorp_supports(Deed::Answer, request.type).ok() || is_answer(frame)) {
    return refused(request.name + " cannot be refused");
  }
  Refusal made;
  if (request.type == MessageType::RequestVote || request.type == MessageType::PreVote) {
    made = vote_refusal(request);
  } else if (request.type == MessageType::InstallSnapshot) {
    made = snapshot_refusal(request);
  } else {
    made = append_refusal(request);
  }
  made.message.success = false;
  made.message.sender = request.receiver;
  made.message.receiver = request.sender;
  std::string bytes;
  msgpack_raw(bytes, "");
  return Frame{Direction::FromAcceptor, bytes + made.bytes, std::move(made.message), frame.shape};
}

}  // namespace check::wire
