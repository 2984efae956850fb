// SPDX-License-Identifier: Apache-2.0
#include "check/evidence/node_event.h"

#include <array>

#include "base/json_cursor.h"
#include "base/json_writer.h"

namespace check::evidence {

namespace {

constexpr base::JsonLimits kLineLimits = {.depth = 8, .size_bytes = std::size_t{1} << 20U};

constexpr std::array<NodeEventKind, 5> kKinds = {NodeEventKind::Started, NodeEventKind::Ended,
                                                 NodeEventKind::PowerCut, NodeEventKind::Emptied,
                                                 NodeEventKind::Status};

// Each at most once; the first three must be there.
constexpr std::array<std::string_view, 7> kMembers = {"time", "node",   "event", "asked",
                                                      "term", "leader", "commit"};
constexpr std::size_t kNeeded = 3;

void read_kind(base::JsonCursor& cursor, NodeEvent& event) {
  std::string text;
  cursor.string(text);
  for (const NodeEventKind kind : kKinds) {
    if (text != name(kind)) continue;
    event.kind = kind;
    return;
  }
  cursor.reject(R"("started", "ended", "power-cut", "emptied" or "status")");
}

void read_member(base::JsonCursor& cursor, std::size_t member, NodeEvent& event) {
  if (member == 0) event.time_ns = cursor.natural();
  if (member == 1) {
    const std::uint64_t node = cursor.natural();
    event.node.value = static_cast<std::uint32_t>(node);
    if (node == 0 || node != event.node.value) cursor.reject("a node's number");
  }
  if (member == 2) read_kind(cursor, event);
  if (member == 3) event.asked_ns = cursor.natural();
  if (member == 4) event.term = wire::Term(cursor.natural());
  if (member == 5) event.leader = cursor.boolean();
  if (member == 6) event.commit = wire::Index(cursor.natural());
}

}  // namespace

void append_line(std::string& out, const NodeEvent& event) {
  base::JsonWriter writer(out);
  writer.begin_object();
  writer.member("time", event.time_ns).member("node", event.node.value);
  writer.member("event", name(event.kind));
  if (event.kind == NodeEventKind::Status) {
    writer.member("asked", event.asked_ns);
    if (event.term) writer.member("term", event.term->value());
    if (event.leader) writer.member("leader", *event.leader);
    if (event.commit) writer.member("commit", event.commit->value());
  }
  writer.end_object();
  out.push_back('\n');
}

base::Result<NodeEvent> parse_node_event(std::string_view line) {
  NodeEvent event;
  base::JsonCursor cursor(line, kLineLimits);
  std::uint32_t seen = 0;
  std::string member;
  cursor.enter_object();
  while (cursor.next_member(member)) {
    std::size_t at = 0;
    while (at < kMembers.size() && kMembers[at] != member) ++at;
    if (at == kMembers.size()) {
      cursor.skip();
      continue;
    }
    const std::uint32_t bit = std::uint32_t{1} << at;
    if ((seen & bit) != 0) cursor.reject("\"" + member + "\" only once");
    seen |= bit;
    read_member(cursor, at, event);
  }
  TRY([[maybe_unused]] const base::Done done, cursor.finish());
  for (std::size_t at = 0; at < kNeeded; ++at) {
    if ((seen >> at & 1U) == 0) {
      return base::Error{base::ErrorCode::Corrupt,
                         "expected a member \"" + std::string(kMembers[at]) + "\""};
    }
  }
  if (event.asked_ns > event.time_ns) {
    return base::Error{base::ErrorCode::Corrupt, "expected \"asked\" not to be after \"time\""};
  }
  return event;
}

std::string_view name(NodeEventKind kind) {
  switch (kind) {
    case NodeEventKind::Started:
      return "started";
    case NodeEventKind::Ended:
      return "ended";
    case NodeEventKind::PowerCut:
      return "power-cut";
    case NodeEventKind::Emptied:
      return "emptied";
    case NodeEventKind::Status:
      return "status";
  }
  return "";
}

}  // namespace check::evidence
