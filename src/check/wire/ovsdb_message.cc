// SPDX-License-Identifier: Apache-2.0
#include "check/wire/ovsdb_message.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/json_cursor.h"

namespace check::wire {
namespace {

constexpr std::size_t kMostEntries = std::size_t{1} << 20U;  // In one message.

// What a message's object may hold, whichever it is: the order of members is arbitrary.
struct Fields {
  using Number = std::optional<std::uint64_t>;
  Number term, prev_index, prev_term, commit, log_end, entry_count;
  Number last_log_index, last_log_term, last_index, last_term;
  std::string from, to, vote, result, status;
  std::optional<bool> success;
  bool transfer = false;
  bool prevote = false;
  std::optional<std::vector<Entry>> log;
};

constexpr std::array<std::pair<std::string_view, Fields::Number Fields::*>, 10> kNumbers = {{
    {"term", &Fields::term},
    {"prev_log_index", &Fields::prev_index},
    {"prev_log_term", &Fields::prev_term},
    {"leader_commit", &Fields::commit},
    {"log_end", &Fields::log_end},
    {"n_entries", &Fields::entry_count},
    {"last_log_index", &Fields::last_log_index},
    {"last_log_term", &Fields::last_log_term},
    {"last_index", &Fields::last_index},
    {"last_term", &Fields::last_term},
}};
constexpr std::array<std::pair<std::string_view, std::string Fields::*>, 5> kStrings = {{
    {"from", &Fields::from},
    {"to", &Fields::to},
    {"vote", &Fields::vote},
    {"result", &Fields::result},
    {"status", &Fields::status},
}};

std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ value >> 30U) * 0xbf58476d1ce4e5b9;  // The finaliser of splitmix64.
  value = (value ^ value >> 27U) * 0x94d049bb133111eb;
  return value ^ value >> 31U;
}

// Of the next value: servers write the members of an object in any order, so it does not count.
std::uint64_t content_hash(base::JsonCursor& cursor) {
  std::string text;
  std::uint64_t hash = 0;
  switch (cursor.kind()) {
    case base::JsonKind::Null:
      cursor.null();
      return mixed(1);
    case base::JsonKind::Boolean:
      return mixed(cursor.boolean() ? 2 : 3);
    case base::JsonKind::Number:
      return mixed(hash_of(cursor.number()) + 4);
    case base::JsonKind::String:
      cursor.string(text);
      return mixed(hash_of(text) + 5);
    case base::JsonKind::Array:
      cursor.enter_array();
      hash = 6;
      while (cursor.next_element()) hash = mixed(hash) + content_hash(cursor);
      return mixed(hash);
    case base::JsonKind::Object:
      cursor.enter_object();
      hash = 7;
      while (cursor.next_member(text)) {
        const std::uint64_t name = hash_of(text);
        hash += mixed(mixed(name) + content_hash(cursor));
      }
      return mixed(hash);
  }
  return 0;
}

// One element of `log`. Its index is not known yet: members come in any order.
Entry read_entry(base::JsonCursor& cursor) {
  Entry entry;
  const std::size_t begin = cursor.offset();
  std::string name;
  bool termed = false;
  std::uint64_t hash = 7;
  entry.kind = EntryKind::Noop;
  cursor.enter_object();
  while (cursor.next_member(name)) {
    if (name == "term") {
      entry.term = Term(cursor.natural());
      termed = true;
      continue;
    }
    if (name == "servers") {
      entry.kind = EntryKind::Configuration;
    } else if (name == "data" && entry.kind != EntryKind::Configuration) {
      entry.kind = EntryKind::Command;
    } else if (entry.kind == EntryKind::Noop) {
      entry.kind = EntryKind::Other;
    }
    hash += mixed(mixed(hash_of(name)) + content_hash(cursor));
  }
  if (!termed) cursor.reject("an entry with a term");
  entry.hash = mixed(hash);
  entry.bytes = cursor.offset() - begin;
  return entry;
}

void read_log(base::JsonCursor& cursor, Fields& fields) {
  fields.log.emplace();
  cursor.enter_array();
  while (cursor.next_element()) {
    if (fields.log->size() == kMostEntries) return cursor.reject("fewer entries");
    fields.log->push_back(read_entry(cursor));
  }
}

void read_member(base::JsonCursor& cursor, std::string_view name, Fields& fields) {
  const auto same = [name](const auto& known) { return known.first == name; };
  if (const auto number = std::ranges::find_if(kNumbers, same); number != kNumbers.end()) {
    fields.*number->second = cursor.natural();
    return;
  }
  if (const auto text = std::ranges::find_if(kStrings, same); text != kStrings.end()) {
    cursor.string(fields.*text->second);
    return;
  }
  if (name == "log") return read_log(cursor, fields);
  if (name == "success") {
    fields.success = cursor.boolean();
  } else if (name == "leadership_transfer") {
    fields.transfer = cursor.boolean();
  } else if (name == "is_prevote") {
    fields.prevote = cursor.boolean();
  } else {
    cursor.skip();
  }
}

// The object that is the one parameter of a notification. Calls member(name) before each value,
// which it must consume.
template <class OnMember>
void walk_parameter(base::JsonCursor& cursor, const OnMember& member) {
  cursor.enter_array();
  bool first = true;
  std::string name;
  while (cursor.next_element()) {
    if (first && cursor.kind() == base::JsonKind::Object) {
      cursor.enter_object();
      while (cursor.next_member(name)) member(name);
    } else {
      cursor.skip();
    }
    first = false;
  }
}

// The parts that a message is made of. A part that is missing spoils the message.
class Builder {
 public:
  explicit Builder(Fields& fields) : fields_(fields) {}

  template <class Ordinal>
  Ordinal need(const Fields::Number& number) {
    if (!number) whole_ = false;
    return Ordinal(number.value_or(0));
  }
  bool whole() const { return whole_; }
  void spoil() { whole_ = false; }

  Message append_request() {
    Message message;
    message.type = MessageType::AppendEntries;
    message.name = "append_request";
    message.prev_index = need<Index>(fields_.prev_index);
    message.prev_term = need<Term>(fields_.prev_term);
    message.commit = need<Index>(fields_.commit);
    if (!fields_.log || !countable(*message.prev_index, fields_.log->size())) {
      spoil();
      return message;
    }
    message.entries = std::move(*fields_.log);
    Index index = *message.prev_index;
    for (Entry& entry : message.entries) entry.index = index = index.next();
    return message;
  }

  Message append_reply() {
    Message message;
    message.type = MessageType::AppendReply;
    message.name = "append_reply";
    message.prev_index = need<Index>(fields_.prev_index);
    message.prev_term = need<Term>(fields_.prev_term);
    message.success = fields_.result == "OK";
    const std::uint64_t end = need<Index>(fields_.log_end).value();
    const std::uint64_t count = need<Index>(fields_.entry_count).value();
    if (end == 0 || fields_.result.empty() || !countable(*message.prev_index, count)) {
      spoil();
      return message;
    }
    message.last_index = Index(end - 1);
    if (*message.success) message.match = message.prev_index->plus(count);
    return message;
  }

  Message vote_request() {
    Message message;
    message.type = fields_.prevote ? MessageType::PreVote : MessageType::RequestVote;
    message.name = "vote_request";
    message.term_entered = !fields_.prevote;
    message.last_index = need<Index>(fields_.last_log_index);
    message.last_term = need<Term>(fields_.last_log_term);
    message.transfer = fields_.transfer;
    return message;
  }

  Message vote_reply() {
    Message message;
    message.type = fields_.prevote ? MessageType::PreVoteReply : MessageType::RequestVoteReply;
    message.name = "vote_reply";
    message.term_entered = !fields_.prevote;
    if (fields_.vote.empty()) spoil();
    message.success = fields_.vote == fields_.to;
    return message;
  }

  Message snapshot_request() {
    Message message;
    message.type = MessageType::InstallSnapshot;
    message.name = "install_snapshot_request";
    message.last_index = need<Index>(fields_.last_index);
    message.last_term = need<Term>(fields_.last_term);
    return message;
  }

  Message snapshot_reply() {
    Message message;
    message.type = MessageType::SnapshotReply;
    message.name = "install_snapshot_reply";
    message.success = true;  // One that was not installed is not answered.
    message.match = need<Index>(fields_.last_index);
    return message;
  }

 private:
  static bool countable(Index from, std::uint64_t count) {
    return count <= std::numeric_limits<std::uint64_t>::max() - from.value();
  }

  Fields& fields_;
  bool whole_ = true;
};

// Methods that say nothing that Rafts have in common.
constexpr std::array<std::string_view, 5> kOthers = {"hello_request", "add_server_request",
                                                     "add_server_reply", "remove_server_request",
                                                     "remove_server_reply"};

Message plain(MessageType type, std::string_view name) {
  Message message;
  message.type = type;
  message.name = name;
  return message;
}

Message of_method(std::string_view method, Builder& builder, const Fields& fields) {
  if (method == "append_request") return builder.append_request();
  if (method == "append_reply") return builder.append_reply();
  if (method == "vote_request") return builder.vote_request();
  if (method == "vote_reply") return builder.vote_reply();
  if (method == "install_snapshot_request") return builder.snapshot_request();
  if (method == "install_snapshot_reply") return builder.snapshot_reply();
  if (method == "become_leader") return plain(MessageType::TimeoutNow, "become_leader");
  if (method == "execute_command_request") {
    return plain(MessageType::Propose, "execute_command_request");
  }
  if (method == "execute_command_reply") {
    Message message = plain(MessageType::ProposeReply, "execute_command_reply");
    message.success = fields.status == "success";
    return message;
  }
  const auto other = std::ranges::find(kOthers, method);
  return plain(MessageType::Other, other == kOthers.end() ? "unknown" : *other);
}

bool has_term(MessageType type) {
  return type != MessageType::Propose && type != MessageType::ProposeReply &&
         type != MessageType::Other;
}

base::Error wrong(const std::string& what) { return {base::ErrorCode::InvalidArgument, what}; }

}  // namespace

void OvsdbScanner::inside_string(char byte) {
  if (escaped_) {
    escaped_ = false;
  } else if (byte == '\\') {
    escaped_ = true;
  } else if (byte == '"') {
    in_string_ = false;
  }
}

base::Result<std::optional<std::size_t>> OvsdbScanner::object(std::string_view waiting) {
  for (; at_ < waiting.size(); ++at_) {
    const char byte = waiting[at_];
    if (in_string_) {
      inside_string(byte);
    } else if (depth_ == 0 && byte != '{') {
      if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t') {
        return wrong("a JSON object should begin");
      }
    } else if (byte == '"') {
      in_string_ = true;
    } else if (byte == '{' || byte == '[') {
      ++depth_;
    } else if ((byte == '}' || byte == ']') && --depth_ == 0) {
      return std::optional(std::exchange(at_, 0) + 1);
    }
  }
  return std::optional<std::size_t>();
}

base::Result<std::optional<Message>> ovsdb_message(std::string_view object) {
  base::JsonCursor cursor(object);
  Fields fields;
  std::string member;
  std::string method;
  bool has_parameter = false;
  cursor.enter_object();
  while (cursor.next_member(member)) {
    if (member == "method") {
      cursor.string(method);
    } else if (member == "params") {
      walk_parameter(cursor, [&cursor, &fields, &has_parameter](std::string_view name) {
        has_parameter = true;
        read_member(cursor, name, fields);
      });
    } else {
      cursor.skip();
    }
  }
  TRY(const base::Done done, cursor.finish());
  (void)done;
  if (method.empty() || method == "echo") return std::optional<Message>();
  if (!has_parameter) return wrong(method + " has no parameters");
  Builder builder(fields);
  Message message = of_method(method, builder, fields);
  if (has_term(message.type)) message.term = builder.need<Term>(fields.term);
  if (!builder.whole()) return wrong(method + " lacks a member that it needs");
  message.sender = std::move(fields.from);
  message.receiver = std::move(fields.to);
  return std::optional(std::move(message));
}

std::optional<OvsdbSpan> ovsdb_locate(std::string_view object, std::string_view key) {
  base::JsonCursor cursor(object);
  std::optional<OvsdbSpan> found;
  std::string member;
  cursor.enter_object();
  while (cursor.next_member(member)) {
    if (member != "params") {
      cursor.skip();
      continue;
    }
    walk_parameter(cursor, [&cursor, &found, key](std::string_view name) {
      cursor.kind();
      const std::size_t begin = cursor.offset();
      cursor.skip();
      if (name == key) found = OvsdbSpan{begin, cursor.offset()};
    });
  }
  return cursor.failed() ? std::nullopt : found;
}

}  // namespace check::wire
