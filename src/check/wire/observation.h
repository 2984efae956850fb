// SPDX-License-Identifier: Apache-2.0
// One line of messages.jsonl (docs/formats/messages.md): a message that was seen on its way from
// one node to another, and what was done to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "check/history/node_id.h"
#include "check/wire/message.h"
#include "check/wire/protocol.h"

namespace check::wire {

struct Observation {
  std::uint64_t id = 0;       // 1, 2, 3, ... in the order they were seen; evidence names these.
  std::uint64_t time_ns = 0;  // Since the run's start, or the capture's first packet.
  history::NodeId from = {};  // 0: not known.
  history::NodeId to = {};
  std::uint64_t connection = 0;
  // Of the sender's first message on its connection: when that was opened, by processes that ran
  // then. What they said may be heard much later. Absent: not known.
  std::optional<std::uint64_t> opened_ns = {};
  // It came in a datagram: the sender may have said it before what was seen before.
  bool unordered = false;
  Protocol protocol = Protocol::Raftkv;
  Message message = {};
  // What was done to it on its way: "drop", "delay", "alter", ...; several with a space between.
  // Empty: handed on as it came.
  std::string action = {};
};

// Appends the observation as one line, with its line break.
void append_line(std::string& out, const Observation& observation);

// Reads a line without its line break. Members that are not known are ignored; a missing or wrong
// one is an error that names it.
base::Result<Observation> parse_observation(std::string_view line);

}  // namespace check::wire
