// SPDX-License-Identifier: Apache-2.0
// One line of history.jsonl (docs/formats/history.md): a client began an operation, or learned how
// one ended.
//
//   {"index":4,"time":120300,"process":2,"type":"invoke","f":"cas","key":"x","value":["1","2"]}
//   {"index":5,"time":190100,"process":2,"type":"fail","f":"cas","key":"x","value":["1","2"],"found":"3"}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "check/history/operation.h"

namespace check::history {

enum class EventType : std::uint8_t { Invoke, Ok, Fail, Info };

struct Event {
  EventIndex index;
  Moment time;
  std::uint64_t process = 0;
  EventType type = EventType::Invoke;
  Function function = Function::Read;
  std::string key;
  Value value;     // Read: what was read, if Ok. Others: what is written.
  Value expected;  // Cas: what must be there.
  Value found;     // Cas: what was there instead, if Fail and the system told.
  bool found_known = false;
  bool list = false;  // Read, Ok: the value is the JSON text of a list, and is written as one.
  std::optional<std::uint32_t> node;
  bool final = false;
  std::string error;  // Why it failed or is unknown; for people, may be empty.
};

// Appends the event as one line, with its line break.
void append_line(std::string& out, const Event& event);

// Reads a line without its line break. Members that are not known are ignored; a missing or wrong
// one is an error that names it. The elements of a list that was read are kept as JSON text, as the
// model "list" wants them.
base::Result<Event> parse_event(std::string_view line);

constexpr std::string_view name(EventType type) {
  switch (type) {
    case EventType::Invoke:
      return "invoke";
    case EventType::Ok:
      return "ok";
    case EventType::Fail:
      return "fail";
    case EventType::Info:
      return "info";
  }
  return "info";
}

constexpr std::string_view name(Function function) {
  switch (function) {
    case Function::Read:
      return "read";
    case Function::Write:
      return "write";
    case Function::Cas:
      return "cas";
    case Function::Append:
      return "append";
  }
  return "read";
}

}  // namespace check::history
