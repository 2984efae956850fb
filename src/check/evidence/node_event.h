// SPDX-License-Identifier: Apache-2.0
// One line of nodes.jsonl (docs/formats/nodes.md): what happened to a node, or what it said of
// itself when it was asked.
//
//   {"time":120300,"node":2,"event":"ended"}
//   {"time":190100,"node":2,"event":"status","asked":189000,"term":4,"leader":true,"commit":17}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "check/history/node_id.h"
#include "check/wire/message.h"

namespace check::evidence {

enum class NodeEventKind : std::uint8_t {
  Started,   // A new process.
  Ended,     // Its process has ended, by whatever cause; nothing of its memory is left.
  PowerCut,  // The same, and what it had not synced is gone.
  Emptied,   // All it had on disk was taken away: it begins anew, under its old name.
  Status     // It answered a question about its state.
};

struct NodeEvent {
  std::uint64_t time_ns = 0;  // Of the answer, for Status.
  history::NodeId node = {};
  NodeEventKind kind = NodeEventKind::Status;
  // Status; what the system does not tell is absent.
  std::uint64_t asked_ns = 0;  // When the question was sent: the answer was formed after that.
  std::optional<bool> leader = {};
  std::optional<wire::Term> term = {};
  std::optional<wire::Index> commit = {};
};

// Appends the event as one line, with its line break.
void append_line(std::string& out, const NodeEvent& event);

// Reads a line without its line break. Members that are not known are ignored; a missing or wrong
// one is an error that names it.
base::Result<NodeEvent> parse_node_event(std::string_view line);

std::string_view name(NodeEventKind kind);  // "started"

}  // namespace check::evidence
