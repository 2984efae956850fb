// SPDX-License-Identifier: Apache-2.0
#include "check/history/event.h"

#include <array>
#include <utility>
#include <vector>

#include "base/json_cursor.h"
#include "base/json_writer.h"

namespace check::history {

namespace {

using base::JsonCursor;
using base::JsonKind;

constexpr base::JsonLimits kLineLimits = {.depth = 16, .size_bytes = std::size_t{64} << 20U};

void write_value(base::JsonWriter& writer, const Value& value) {
  if (value) {
    writer.string(*value);
  } else {
    writer.null();
  }
}

// Element by element, so that what was no list cannot spoil the line.
void write_list(base::JsonWriter& writer, const std::string& text) {
  JsonCursor cursor(text, kLineLimits);
  std::string element;
  writer.begin_array();
  cursor.enter_array();
  while (cursor.next_element()) {
    cursor.string(element);
    if (!cursor.failed()) writer.string(element);
  }
  writer.end_array();
}

// Which members were there; each at most once.
enum class Member : std::uint32_t {
  Index = 1,
  Time = 2,
  Process = 4,
  Type = 8,
  Function = 16,
  Key = 32,
  Value = 64,
  Found = 128,
  Node = 256,
  Final = 512,
  Error = 1024,
};

constexpr std::uint32_t bit_of(Member member) { return static_cast<std::uint32_t>(member); }

constexpr std::array<std::pair<std::string_view, Member>, 11> kMembers = {{
    {"index", Member::Index},
    {"time", Member::Time},
    {"process", Member::Process},
    {"type", Member::Type},
    {"f", Member::Function},
    {"key", Member::Key},
    {"value", Member::Value},
    {"found", Member::Found},
    {"node", Member::Node},
    {"final", Member::Final},
    {"error", Member::Error},
}};

class LineReader {
 public:
  explicit LineReader(std::string_view line) : cursor_(line, kLineLimits) {}

  base::Result<Event> read();

 private:
  void read_member(Member member);
  void read_type();
  void read_function();
  Value read_text();
  void read_value();
  base::Status interpret_value();

  JsonCursor cursor_;
  Event event_;
  std::string text_;
  // "value" as it stands: what it means depends on "f", which may come later.
  bool is_list_ = false;
  Value single_;
  std::vector<Value> list_;
};

base::Result<Event> LineReader::read() {
  std::uint32_t seen = 0;
  std::string name;
  cursor_.enter_object();
  while (cursor_.next_member(name)) {
    std::uint32_t bit = 0;
    for (const auto& [known, member] : kMembers) {
      if (name == known) bit = bit_of(member);
    }
    if (bit == 0) {
      cursor_.skip();
      continue;
    }
    if ((seen & bit) != 0) cursor_.reject("\"" + name + "\" only once");
    seen |= bit;
    read_member(static_cast<Member>(bit));
  }
  TRY([[maybe_unused]] const base::Done done, cursor_.finish());
  for (const auto& [known, member] : kMembers) {
    if (member <= Member::Key && (seen & bit_of(member)) == 0) {
      return base::Error{base::ErrorCode::Corrupt,
                         "expected a member \"" + std::string(known) + "\""};
    }
  }
  event_.found_known = (seen & bit_of(Member::Found)) != 0;
  // Who ends an operation need not repeat its value, except to say what was read.
  const bool decides = event_.function == Function::Read ? event_.type == EventType::Ok
                                                         : event_.type == EventType::Invoke;
  if ((seen & bit_of(Member::Value)) == 0) {
    if (decides) return base::Error{base::ErrorCode::Corrupt, "expected a member \"value\""};
    return std::move(event_);
  }
  TRY([[maybe_unused]] const base::Done understood, interpret_value());
  return std::move(event_);
}

void LineReader::read_member(Member member) {
  switch (member) {
    case Member::Index:
      event_.index = EventIndex(cursor_.natural());
      return;
    case Member::Time:
      event_.time = Moment(cursor_.natural());
      return;
    case Member::Process:
      event_.process = cursor_.natural();
      return;
    case Member::Type:
      return read_type();
    case Member::Function:
      return read_function();
    case Member::Key:
      return cursor_.string(event_.key);
    case Member::Value:
      return read_value();
    case Member::Found:
      event_.found = read_text();
      return;
    case Member::Node: {
      const std::uint64_t node = cursor_.natural();
      event_.node = static_cast<std::uint32_t>(node);
      if (node != *event_.node) cursor_.reject("a node's number");
      return;
    }
    case Member::Final:
      event_.final = cursor_.boolean();
      return;
    case Member::Error:
      return cursor_.string(event_.error);
  }
}

void LineReader::read_type() {
  cursor_.string(text_);
  for (const EventType type :
       {EventType::Invoke, EventType::Ok, EventType::Fail, EventType::Info}) {
    if (text_ != name(type)) continue;
    event_.type = type;
    return;
  }
  cursor_.reject("\"invoke\", \"ok\", \"fail\" or \"info\"");
}

void LineReader::read_function() {
  cursor_.string(text_);
  for (const Function function :
       {Function::Read, Function::Write, Function::Cas, Function::Append}) {
    if (text_ != name(function)) continue;
    event_.function = function;
    return;
  }
  cursor_.reject("\"read\", \"write\", \"cas\" or \"append\"");
}

Value LineReader::read_text() {
  if (cursor_.kind() == JsonKind::Null) {
    cursor_.null();
    return std::nullopt;
  }
  std::string text;
  cursor_.string(text);
  return text;
}

void LineReader::read_value() {
  is_list_ = cursor_.kind() == JsonKind::Array;
  if (!is_list_) {
    single_ = read_text();
    return;
  }
  cursor_.enter_array();
  while (cursor_.next_element()) list_.push_back(read_text());
}

base::Status LineReader::interpret_value() {
  const auto wrong = [](std::string_view expected) {
    return base::Error{base::ErrorCode::Corrupt,
                       "expected \"value\" to be " + std::string(expected)};
  };
  if (event_.function == Function::Cas) {
    if (!is_list_ || list_.size() != 2) return wrong("[old, new] for a cas");
    event_.expected = std::move(list_[0]);
    event_.value = std::move(list_[1]);
    return base::Done{};
  }
  if (!is_list_) {
    event_.value = std::move(single_);
    return base::Done{};
  }
  if (event_.function != Function::Read) return wrong("a string or null");
  std::string text;
  base::JsonWriter writer(text);
  writer.begin_array();
  for (const Value& element : list_) write_value(writer, element);
  writer.end_array();
  event_.value = std::move(text);
  event_.list = true;
  return base::Done{};
}

}  // namespace

void append_line(std::string& out, const Event& event) {
  base::JsonWriter writer(out);
  writer.begin_object();
  writer.member("index", event.index.value()).member("time", event.time.value());
  writer.member("process", event.process).member("type", name(event.type));
  writer.member("f", name(event.function)).member("key", event.key).name("value");
  if (event.function == Function::Cas) {
    writer.begin_array();
    write_value(writer, event.expected);
    write_value(writer, event.value);
    writer.end_array();
  } else if (event.list && event.value) {
    write_list(writer, *event.value);
  } else {
    write_value(writer, event.value);
  }
  if (event.found_known) write_value(writer.name("found"), event.found);
  if (event.final) writer.member("final", true);
  if (event.node) writer.member("node", *event.node);
  if (!event.error.empty()) writer.member("error", event.error);
  writer.end_object();
  out.push_back('\n');
}

base::Result<Event> parse_event(std::string_view line) { return LineReader(line).read(); }

}  // namespace check::history
