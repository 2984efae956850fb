// SPDX-License-Identifier: Apache-2.0
// The report as JSON, for programs (docs/formats/wire-report.md).
#include "base/json_writer.h"
#include "check/capture/endpoint.h"
#include "check/run/wire_report.h"

namespace check::run {

namespace {

using capture::Side;

void write_capture(base::JsonWriter& json, const WireReport& report) {
  const CaptureCounts& counts = report.counts;
  json.name("capture").begin_object();
  json.member("path", std::string_view(report.path)).member("bytes", counts.file_bytes);
  json.member("packets", counts.packets).member("segments", counts.segments);
  json.member("connections", report.connections);
  json.member("nanoseconds", counts.last_ns - counts.first_ns);
  json.member("lost_packets", counts.lost).member("cut_packets", counts.cut);
  json.member("fragments", counts.fragments).member("damaged_packets", counts.damaged);
  json.member("foreign_packets", counts.foreign).member("left_over_bytes", counts.left_over);
  if (counts.error) json.member("error", std::string_view(*counts.error));
  json.end_object();
}

void write_nodes(base::JsonWriter& json, const WireReport& report) {
  json.name("nodes").begin_array();
  for (const observe::KnownNode& node : report.nodes) {
    json.begin_object().member("node", node.id.value);
    json.name("ends").begin_array();
    for (const capture::Endpoint& end : node.ends) json.string(capture::text(end));
    json.end_array().name("names").begin_array();
    for (const std::string& name : node.names) json.string(name);
    json.end_array().end_object();
  }
  json.end_array();
}

void write_links(base::JsonWriter& json, const observe::Tally& tally) {
  json.name("links").begin_array();
  for (const auto& [link, counts] : tally.links()) {
    json.begin_object().member("from", link.from.value).member("to", link.to.value);
    json.name("messages").begin_object();
    for (std::size_t type = 0; type < counts.size(); ++type) {
      if (counts[type] == 0) continue;
      json.member(name(static_cast<wire::MessageType>(type)), counts[type]);
    }
    json.end_object().end_object();
  }
  json.end_array();
}

void write_leaders(base::JsonWriter& json, const observe::Tally& tally) {
  json.name("leaders").begin_array();
  for (const observe::Reign& reign : tally.reigns()) {
    json.begin_object();
    if (!reign.group.empty()) json.member("group", std::string_view(reign.group));
    json.member("term", reign.term.value()).member("leader", reign.leader.value);
    json.member("first", reign.first_ns).member("last", reign.last_ns);
    json.member("messages", reign.messages).end_object();
  }
  json.end_array();
}

void write_restarts(base::JsonWriter& json, const observe::Tally& tally) {
  json.name("restarts").begin_array();
  for (const auto& [node, time_ns] : tally.restarts()) {
    json.begin_object().member("node", node.value).member("time", time_ns).end_object();
  }
  json.end_array();
}

void write_troubles(base::JsonWriter& json, const observe::Talk& talk) {
  json.name("troubles").begin_array();
  for (const observe::Conversation& conversation : talk.troubled) {
    const capture::Opening& opening = conversation.opening;
    for (const Side side : {Side::Dialer, Side::Acceptor}) {
      const observe::Direction& way = conversation.directions[static_cast<std::size_t>(side)];
      if (way.lost == 0 && !way.opaque) continue;
      const bool dials = side == Side::Dialer;
      json.begin_object().member("conn", opening.id).member("seen_from_start", opening.seen);
      json.member("from", capture::text(dials ? opening.dialer : opening.acceptor));
      json.member("to", capture::text(dials ? opening.acceptor : opening.dialer));
      json.member("bytes", way.bytes).member("lost", way.lost);
      if (way.opaque) {
        json.member("opaque_at", way.opaque_at).member("opaque", std::string_view(*way.opaque));
      }
      json.end_object();
    }
  }
  json.end_array();
}

void write_health(base::JsonWriter& json, const std::vector<evidence::Health>& groups) {
  json.name("health").begin_array();
  for (const evidence::Health& health : groups) {
    json.begin_object();
    if (!health.group.empty()) json.member("group", std::string_view(health.group));
    json.member("elections", health.elections).member("split_votes", health.split_votes);
    json.member("needless_elections", health.needless_elections);
    json.member("transfers", health.transfers).member("leaders", health.leaders);
    json.member("leaderless", health.leaderless_ns);
    json.member("longest_leaderless", health.longest_leaderless_ns);
    json.member("heartbeats_missed", health.heartbeats_missed);
    json.member("resent_entries", health.resent_entries);
    json.member("refused_appends", health.refused_appends);
    if (health.heartbeat_interval_ns) {
      json.member("heartbeat_interval", *health.heartbeat_interval_ns);
    }
    if (health.election_timeout_ns) json.member("election_timeout", *health.election_timeout_ns);
    json.end_object();
  }
  json.end_array();
}

void write_verdict(base::JsonWriter& json, const WireReport& report) {
  json.member("verdict", verdict::name(verdict::joined(report.findings)));
  json.name("checkers").begin_array();
  for (const verdict::Finding& finding : report.findings) {
    json.begin_object().member("name", std::string_view(finding.checker));
    json.member("verdict", verdict::name(finding.verdict));
    json.member("sentence", std::string_view(finding.sentence));
    json.name("evidence").begin_array();
    for (const std::uint64_t id : finding.evidence) json.natural(id);
    json.end_array().end_object();
  }
  json.end_array().name("not_judged").begin_array();
  for (const std::string& note : report.notes) json.string(note);
  json.end_array();
}

}  // namespace

std::string report_json(const WireReport& report) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().member("protocol", name(report.protocol));
  write_capture(json, report);
  json.member("messages", report.tally.messages());
  json.member("protocol_connections", report.tally.spoken().connections);
  json.member("protocol_bytes", report.tally.spoken().bytes);
  json.member("lost_bytes", report.tally.spoken().lost);
  write_nodes(json, report);
  write_links(json, report.tally);
  write_leaders(json, report.tally);
  write_restarts(json, report.tally);
  write_health(json, report.health);
  write_troubles(json, report.tally.spoken());
  write_verdict(json, report);
  json.end_object();
  return out + '\n';
}

}  // namespace check::run
