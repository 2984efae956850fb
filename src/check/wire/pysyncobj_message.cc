// SPDX-License-Identifier: Apache-2.0
#include "check/wire/pysyncobj_message.h"

#include "base/bytes.h"
#include "check/wire/inflate.h"

namespace check::wire {
namespace {

using Piece = PysyncobjMessage::Piece;

// The members of one dictionary. Absent and wrong are told apart: a wrong one spoils the message.
class Members {
 public:
  explicit Members(const Pickle& pickle) : pickle_(pickle) {}

  const PickleValue* find(std::string_view key) const { return pickle_.find(pickle_.root(), key); }

  std::optional<std::uint64_t> natural(std::string_view key) {
    const PickleValue* value = find(key);
    if (value != nullptr && value->kind == PickleValue::Kind::None) return std::nullopt;
    const auto number = value == nullptr ? std::nullopt : value->natural();
    if (!number) fine_ = false;
    return number;
  }
  template <class Ordinal>
  std::optional<Ordinal> ordinal(std::string_view key) {
    const auto number = natural(key);
    if (!number) return std::nullopt;
    return Ordinal(*number);
  }
  bool boolean(std::string_view key) {
    const PickleValue* value = find(key);
    const auto truth = value == nullptr ? std::nullopt : value->boolean();
    if (!truth) fine_ = false;
    return truth.value_or(false);
  }

  bool fine() const { return fine_; }
  void spoil() { fine_ = false; }

 private:
  const Pickle& pickle_;
  bool fine_ = true;
};

EntryKind kind_of(std::string_view command) {
  switch (command.empty() ? '\4' : command[0]) {
    case 0:
      return EntryKind::Command;
    case 1:
      return EntryKind::Noop;
    case 2:
      return EntryKind::Configuration;
    default:
      return EntryKind::Other;
  }
}

void read_entries(const Pickle& pickle, Members& members, Message& message) {
  const PickleValue* entries = members.find("entries");
  if (entries == nullptr || entries->kind != PickleValue::Kind::List) {
    members.spoil();
    return;
  }
  message.entries.reserve(entries->items.size());
  for (std::size_t at = 0; at < entries->items.size(); ++at) {
    const auto entry = pysyncobj_entry(pickle, pickle.item(*entries, at));
    if (!entry) return members.spoil();
    message.entries.push_back(*entry);
  }
}

// One of three kinds: entries that follow a place in the log, a piece of one entry, or a piece of a
// snapshot (without the place).
void read_append(const Pickle& pickle, Members& members, PysyncobjMessage& out) {
  Message& message = out.message;
  message.term = members.ordinal<Term>("term");
  message.commit = members.ordinal<Index>("commit_index");
  if (const PickleValue* snapshot = members.find("serialized")) {
    const bool data = snapshot->kind == PickleValue::Kind::Tuple;
    // Without data the leader only says that it is there: the snapshot is still being written.
    message.type = data ? MessageType::InstallSnapshot : MessageType::Heartbeat;
    message.name = data ? "append_entries(serialized)" : "append_entries(no snapshot yet)";
    return;
  }
  message.type = MessageType::AppendEntries;
  message.name = "append_entries";
  message.prev_index = members.ordinal<Index>("prevLogIdx");
  message.prev_term = members.ordinal<Term>("prevLogTerm");
  const PickleValue* transmission = members.find("transmission");
  if (transmission == nullptr) return read_entries(pickle, members, message);
  const PickleValue* data = members.find("data");
  const std::string_view* word = transmission->text();
  if (word == nullptr || data == nullptr || data->content() == nullptr) return members.spoil();
  out.data = *data->content();
  // The receiver looks at the place in the log only when the last piece is there.
  if (*word == "finish") {
    out.piece = Piece::Last;
    message.name = "append_entries(finish)";
    return;
  }
  out.piece = *word == "start" ? Piece::First : Piece::Middle;
  message.type = MessageType::Heartbeat;
  message.name = *word == "start" ? "append_entries(start)" : "append_entries(process)";
}

// success: the log equals the leader's up to the entry before next_node_idx. Otherwise
// next_node_idx is the end of the log, except that with reset it may also be the place at which the
// terms differ (syncobj.py, __onMessageReceived): only the connection can tell.
void read_next_index(Members& members, Message& message) {
  const auto next = members.natural("next_node_idx");
  const bool reset = members.boolean("reset");
  message.success = members.boolean("success");
  const bool answers_piece = !*message.success && !reset;
  message.type = answers_piece ? MessageType::HeartbeatReply : MessageType::AppendReply;
  message.name = reset ? "next_node_idx(reset)" : "next_node_idx";
  if (!next || *next == 0) return members.spoil();
  if (*message.success) {
    message.match = Index(*next - 1);
  } else {
    message.last_index = Index(*next - 1);
  }
  if (answers_piece) message.success.reset();
}

void read_vote(Members& members, Message& message) {
  message.type = MessageType::RequestVote;
  message.name = "request_vote";
  message.term = members.ordinal<Term>("term");
  message.last_index = members.ordinal<Index>("last_log_index");
  message.last_term = members.ordinal<Term>("last_log_term");
}

}  // namespace

std::optional<Entry> pysyncobj_entry(const Pickle& pickle, const PickleValue& tuple) {
  if (tuple.kind != PickleValue::Kind::Tuple || tuple.items.size() != 3) return std::nullopt;
  const std::string_view* command = pickle.item(tuple, 0).content();
  const auto index = pickle.item(tuple, 1).natural();
  const auto term = pickle.item(tuple, 2).natural();
  if (command == nullptr || !index || !term) return std::nullopt;
  return Entry{Index(*index), Term(*term), kind_of(*command), hash_of(*command), command->size()};
}

std::optional<PysyncobjMessage> pysyncobj_message(const Pickle& pickle) {
  Members members(pickle);
  const PickleValue* type = members.find("type");
  if (type == nullptr || type->text() == nullptr) return std::nullopt;
  const std::string_view word = *type->text();
  PysyncobjMessage out;
  Message& message = out.message;
  if (word == "append_entries") {
    read_append(pickle, members, out);
  } else if (word == "next_node_idx") {
    read_next_index(members, message);
  } else if (word == "request_vote") {
    read_vote(members, message);
  } else if (word == "response_vote") {
    message.type = MessageType::RequestVoteReply;
    message.name = "response_vote";
    message.term = members.ordinal<Term>("term");
    message.success = true;  // A vote that is not granted is not answered.
  } else if (word == "apply_command") {
    message.type = MessageType::Propose;
    message.name = "apply_command";
  } else if (word == "apply_command_response") {
    message.type = MessageType::ProposeReply;
    message.name = "apply_command_response";
    message.success = members.find("error") == nullptr;
  } else {
    return std::nullopt;
  }
  if (!members.fine()) return std::nullopt;
  return out;
}

std::string pysyncobj_frame(std::string_view pickle) {
  const std::string compressed = deflate_stored(pickle);
  std::string frame;
  base::ByteWriter(frame).sized(compressed);
  return frame;
}

}  // namespace check::wire
