// SPDX-License-Identifier: Apache-2.0
#include "sim/diagram.h"

#include <algorithm>

#include "codec/decode.h"
#include "raft/describe.h"
#include "sim/scenario.h"

namespace sim {

namespace {

// Where a semicolon or a hash would end the line for Mermaid.
std::string plain(std::string text) {
  std::ranges::replace(text, ';', ',');
  std::ranges::replace(text, '#', ' ');
  return text;
}

std::string name(raft::NodeId id) { return "n" + std::to_string(id.value); }

const char* ending(Ending ending) {
  switch (ending) {
    case Ending::Done:
      return "done";
    case Ending::Mismatch:
      return "another value";
    case Ending::Refused:
      return "refused";
    case Ending::Overloaded:
      return "overloaded";
    case Ending::Unknown:
      return "unknown";
  }
  return "";
}

std::string said(const Flight& flight) {
  if (flight.bytes.empty()) return raft::describe(flight.message);
  const auto decoded = codec::decode_frame(flight.bytes, {}, 0);
  if (!decoded.ok() || !decoded.value()) return "a frame";
  return raft::describe(std::get<raft::Message>(decoded.value()->frame.body));
}

}  // namespace

Diagram::Diagram(Cluster& cluster) : cluster_(cluster) {
  cluster.set_watch({[this](const Action& action) { before(action); },
                     [this](const Action& action) { after(action); }});
}

void Diagram::arrow(const std::string& from, const std::string& to, const std::string& what) {
  lines_.push_back(from + "->>" + to + ": " + plain(what));
}

void Diagram::over(raft::NodeId node, const std::string& what) {
  lines_.push_back("Note over " + name(node) + ": " + plain(what));
}

void Diagram::before(const Action& action) {
  was_ = cluster_.server(action.node).state;
  if (action.kind == ActionKind::Deliver) {
    const Flight& flight = cluster_.flight(action.slot);
    arrow(name(flight.from), name(flight.to),
          said(flight) + (action.corrupt != 0 ? " (corrupted)" : ""));
  } else if (action.kind == ActionKind::Ask) {
    const std::string text = describe(action);
    arrow("c" + std::to_string(action.question.client), name(action.node),
          text.substr(text.find(" c") + 1));
  } else {
    over(action.node, describe(action));
  }
}

void Diagram::after(const Action& action) {
  for (const Answer& answer : cluster_.answers()) {
    arrow(name(action.node), "c" + std::to_string(answer.client), ending(answer.ending));
  }
  const ServerState now = cluster_.server(action.node).state;
  if (was_ == ServerState::Up && now == ServerState::Down && action.kind != ActionKind::Crash &&
      action.kind != ActionKind::Kill) {
    over(action.node, "goes down");
  }
  if (cluster_.violation()) {
    over(action.node, cluster_.violation()->judge + ": " + cluster_.violation()->sentence);
  }
}

std::string Diagram::text() const {
  std::string text = "sequenceDiagram\n";
  for (std::uint64_t client = 1; client <= cluster_.setup().clients; ++client) {
    text += "  participant c" + std::to_string(client) + "\n";
  }
  for (std::uint32_t id = 1; id <= cluster_.size(); ++id) {
    text += "  participant " + name({id}) + "\n";
  }
  for (const std::string& line : lines_) text += "  " + line + "\n";
  return text;
}

}  // namespace sim
