// SPDX-License-Identifier: Apache-2.0
#include "control/report.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "base/json_writer.h"

namespace control {
namespace {

using resp::Reply;

// The value of `key` in a map, of the kind that is wanted; null if there is none.
const Reply* find(const Reply& map, std::string_view key, Reply::Kind kind) {
  for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) {
    if (map.items[i].text == key && map.items[i + 1].kind == kind) return &map.items[i + 1];
  }
  return nullptr;
}

std::int64_t number(const Reply& map, std::string_view key) {
  const Reply* found = find(map, key, Reply::Kind::Integer);
  return found == nullptr ? 0 : found->integer;
}

// What comes from a node goes to a terminal: printable characters only.
std::string text(const Reply& map, std::string_view key) {
  const Reply* found = find(map, key, Reply::Kind::Bulk);
  std::string text = found == nullptr ? "" : found->text;
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

Member parse_member(const Reply& map) {
  Member member{number(map, "id"), text(map, "address"), text(map, "part"),
                number(map, "connected") == 1, std::nullopt};
  if (const Reply* match = find(map, "match", Reply::Kind::Integer)) member.match = match->integer;
  return member;
}

using Row = std::vector<std::string>;

// Columns as wide as they must be, two spaces between them.
std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

Row row_of(const NodeReport& report) {
  if (!report.error.empty()) return {report.where, "-", report.error};
  return {report.where,
          std::to_string(report.id),
          report.role,
          std::to_string(report.term),
          report.leader == 0 ? "-" : std::to_string(report.leader),
          std::to_string(report.last_index),
          std::to_string(report.commit),
          std::to_string(report.applied),
          std::to_string(report.keys),
          std::to_string(report.clients),
          std::to_string(report.waiting)};
}

std::string mib(std::int64_t bytes) {
  return fmt::format("{:.1f}", static_cast<double>(bytes) / (1 << 20));
}

Row storage_row_of(const NodeReport& report) {
  const bool has_snapshot = report.snapshot_index > 0;
  return {report.where,
          mib(report.log_bytes),
          std::to_string(report.log_files),
          has_snapshot ? std::to_string(report.snapshot_index) : "-",
          has_snapshot ? mib(report.snapshot_bytes) : "-",
          has_snapshot ? std::to_string(report.snapshot_age) : "-",
          std::to_string(report.syncs),
          fmt::format("{:.2f}", static_cast<double>(report.sync_microseconds) / 1000),
          std::to_string(report.sessions),
          report.damaged ? "yes" : "no"};
}

// What each has on its disk.
std::string storage_table(const std::vector<NodeReport>& reports) {
  std::vector<Row> rows{{"NODE", "LOG-MB", "FILES", "SNAPSHOT", "SNAPSHOT-MB", "AGE-S", "SYNCS",
                         "SYNC-MS", "SESSIONS", "DAMAGED"}};
  for (const NodeReport& report : reports) {
    if (report.error.empty()) rows.push_back(storage_row_of(report));
  }
  return rows.size() > 1 ? "\n" + aligned(rows) : "";
}

void write_json(const Member& member, base::JsonWriter& json) {
  json.begin_object().member("id", member.id).member("address", member.address);
  json.member("part", member.part).member("connected", member.connected).name("match");
  if (member.match) {
    json.integer(*member.match);
  } else {
    json.null();
  }
  json.end_object();
}

void write_json(const NodeReport& report, base::JsonWriter& json) {
  json.begin_object().member("node", report.where);
  if (!report.error.empty()) {
    json.member("error", report.error).end_object();
    return;
  }
  json.member("id", report.id).member("role", report.role).member("term", report.term);
  json.member("leader", report.leader).member("last_index", report.last_index);
  json.member("commit", report.commit).member("applied", report.applied);
  json.member("keys", report.keys).member("clients", report.clients);
  json.member("waiting", report.waiting).member("sessions", report.sessions);
  json.member("log_bytes", report.log_bytes).member("log_files", report.log_files);
  json.member("snapshot_index", report.snapshot_index);
  json.member("snapshot_bytes", report.snapshot_bytes);
  json.member("snapshot_age_seconds", report.snapshot_age);
  json.member("syncs", report.syncs).member("sync_microseconds", report.sync_microseconds);
  json.member("damaged", report.damaged ? 1 : 0).name("members").begin_array();
  for (const Member& member : report.members) write_json(member, json);
  json.end_array().end_object();
}

// The first of the highest term among those that fit; null: none fits.
template <class Fits>
const NodeReport* latest(const std::vector<NodeReport>& reports, Fits fits) {
  const NodeReport* found = nullptr;
  for (const NodeReport& report : reports) {
    const bool later = found == nullptr || report.term > found->term;
    if (later && fits(report)) found = &report;
  }
  return found;
}

Row row_of(const Member& member, const NodeReport& teller) {
  const bool itself = member.id == teller.id;
  const bool leads = itself && teller.role == "leader";
  const std::int64_t match = leads ? teller.last_index : member.match.value_or(0);
  const bool known = leads || member.match.has_value();
  return {std::to_string(member.id),
          member.address,
          member.part,
          itself             ? "itself"
          : member.connected ? "yes"
                             : "no",
          known ? std::to_string(match) : "-",
          known ? std::to_string(teller.last_index - match) : "-"};
}

// How far each is, only a leader knows.
std::string members_table(const NodeReport& teller) {
  std::string standing = "which knows no leader";
  if (teller.leader != 0) standing = fmt::format("which follows node {}", teller.leader);
  if (teller.role == "leader") standing = "which leads";
  std::vector<Row> rows{{"MEMBER", "ADDRESS", "PART", "CONNECTED", "MATCH", "BEHIND"}};
  for (const Member& member : teller.members) rows.push_back(row_of(member, teller));
  return fmt::format("\nMembers, as node {} knows them, {} in term {}:\n", teller.id, standing,
                     teller.term) +
         aligned(rows);
}

}  // namespace

base::Result<NodeReport> parse_report(const Reply& reply) {
  NodeReport report;
  report.id = number(reply, "id");
  report.role = text(reply, "role");
  if (reply.kind != Reply::Kind::Array || report.id == 0 || report.role.empty()) {
    const std::string said = reply.kind == Reply::Kind::Error ? ": " + reply.text : "";
    return base::Error{base::ErrorCode::InvalidArgument, "it gives no status" + said};
  }
  report.term = number(reply, "term");
  report.leader = number(reply, "leader");
  report.leader_clients = text(reply, "leader_clients");
  report.commit = number(reply, "commit");
  report.applied = number(reply, "applied");
  report.last_index = number(reply, "last_index");
  report.waiting = number(reply, "waiting");
  report.clients = number(reply, "clients");
  report.keys = number(reply, "keys");
  report.sessions = number(reply, "sessions");
  report.log_bytes = number(reply, "log_bytes");
  report.log_files = number(reply, "log_files");
  report.snapshot_index = number(reply, "snapshot_index");
  report.snapshot_bytes = number(reply, "snapshot_bytes");
  report.snapshot_age = number(reply, "snapshot_age_seconds");
  report.syncs = number(reply, "syncs");
  report.sync_microseconds = number(reply, "sync_microseconds");
  report.damaged = number(reply, "damaged") == 1;
  if (const Reply* members = find(reply, "members", Reply::Kind::Array)) {
    for (const Reply& member : members->items) report.members.push_back(parse_member(member));
  }
  return report;
}

const NodeReport* find_leader(const std::vector<NodeReport>& reports) {
  return latest(reports, [](const NodeReport& report) { return report.role == "leader"; });
}

std::optional<Elsewhere> find_elsewhere(const std::vector<NodeReport>& reports) {
  const NodeReport* teller =
      latest(reports, [](const NodeReport& report) { return report.leader != 0; });
  if (teller == nullptr || std::ranges::count(reports, teller->leader, &NodeReport::id) > 0)
    return std::nullopt;
  const auto member = std::ranges::find(teller->members, teller->leader, &Member::id);
  return Elsewhere{teller->leader, teller->leader_clients,
                   member != teller->members.end() && member->connected};
}

bool vouches(const NodeReport& teller, const NodeReport& told) {
  return teller.error.empty() && told.error.empty() && teller.leader == told.id &&
         std::ranges::is_permutation(teller.members, told.members,
                                     [](const Member& one, const Member& other) {
                                       return one.id == other.id && one.address == other.address;
                                     });
}

std::string as_table(const std::vector<NodeReport>& reports) {
  std::vector<Row> rows{{"NODE", "ID", "ROLE", "TERM", "LEADER", "LAST", "COMMIT", "APPLIED",
                         "KEYS", "CLIENTS", "WAITING"}};
  for (const NodeReport& report : reports) rows.push_back(row_of(report));
  std::string text = aligned(rows) + storage_table(reports);
  const NodeReport* teller = find_leader(reports);
  if (teller == nullptr) {
    text += "\nNone of these nodes leads.\n";
    teller = latest(reports, [](const NodeReport& report) { return !report.members.empty(); });
  }
  return teller == nullptr ? text : text + members_table(*teller);
}

std::string as_json(const std::vector<NodeReport>& reports) {
  std::string text;
  base::JsonWriter json(text);
  const NodeReport* leader = find_leader(reports);
  json.begin_object().member("leader", leader == nullptr ? std::int64_t{0} : leader->id);
  json.name("nodes").begin_array();
  for (const NodeReport& report : reports) write_json(report, json);
  json.end_array().end_object();
  return text + '\n';
}

}  // namespace control
