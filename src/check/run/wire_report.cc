// SPDX-License-Identifier: Apache-2.0
#include "check/run/wire_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "check/capture/endpoint.h"
#include "check/observe/listing.h"

namespace check::run {

namespace {

using capture::Side;
using history::NodeId;
using observe::Conversation;
using observe::Tally;

constexpr std::size_t kShownTroubles = 20;
constexpr std::size_t kShownReigns = 50;

std::string node(NodeId id) { return id.value == 0 ? "?" : fmt::format("n{}", id.value); }

// "12 packets lost by the capturing program, ..."; empty if there is nothing to tell.
std::string missing(const CaptureCounts& counts) {
  std::vector<std::string> parts;
  const auto tell = [&parts](std::uint64_t number, const char* what) {
    if (number > 0) parts.push_back(fmt::format("{} {}", number, what));
  };
  tell(counts.lost, "packets lost by the capturing program");
  tell(counts.cut, "packets cut short");
  tell(counts.fragments, "IP fragments");
  tell(counts.damaged, "damaged packets");
  tell(counts.foreign, "packets of unknown links");
  tell(counts.left_over, "bytes of a torn packet at the end");
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string capture_text(const WireReport& report) {
  const CaptureCounts& counts = report.counts;
  const observe::Talk& spoken = report.tally.spoken();
  std::string text = fmt::format(
      "capture: {}: {} bytes, {} packets in {} s, {} connections\n"
      "  {}: {} connections, {} bytes in order, {} lost, {} messages\n",
      report.path, counts.file_bytes, counts.packets,
      observe::seconds(counts.last_ns - counts.first_ns), report.connections, name(report.protocol),
      spoken.connections, spoken.bytes - spoken.lost, spoken.lost, report.tally.messages());
  if (const std::string what = missing(counts); !what.empty()) {
    text += fmt::format("  missing: {}\n", what);
  }
  if (counts.error) {
    text += fmt::format("  the file makes no sense from there on: {}\n", *counts.error);
  }
  return text;
}

std::string nodes_text(const WireReport& report) {
  std::string text = "nodes:\n";
  for (const observe::KnownNode& known : report.nodes) {
    text += fmt::format("  {:<4}", node(known.id));
    for (const capture::Endpoint& end : known.ends) text += ' ' + capture::text(end);
    for (const std::string& name : known.names) text += ' ' + name;
    text += '\n';
  }
  return text;
}

std::string messages_text(const Tally& tally) {
  std::string text = "messages:\n";
  for (const auto& [link, counts] : tally.links()) {
    std::vector<std::string> parts;
    for (std::size_t type = 0; type < counts.size(); ++type) {
      if (counts[type] == 0) continue;
      parts.push_back(
          fmt::format("{} {}", counts[type], name(static_cast<wire::MessageType>(type))));
    }
    text +=
        fmt::format("  {:<8} {}\n", node(link.from) + '>' + node(link.to), fmt::join(parts, ", "));
  }
  return text;
}

std::string leaders_text(const Tally& tally) {
  const std::vector<observe::Reign> reigns = tally.reigns();
  std::string text = reigns.empty() ? "leaders: none was heard\n" : "leaders:\n";
  for (std::size_t i = 0; i < reigns.size() && i < kShownReigns; ++i) {
    const observe::Reign& reign = reigns[i];
    text += fmt::format("  term {:<6} {:<4} {} s .. {} s, {} messages{}\n", reign.term.value(),
                        node(reign.leader), observe::seconds(reign.first_ns),
                        observe::seconds(reign.last_ns), reign.messages,
                        reign.group.empty() ? "" : ", group " + reign.group);
  }
  const std::uint64_t more =
      reigns.size() - std::min(reigns.size(), kShownReigns) + tally.untold_reigns();
  if (more > 0) text += fmt::format("  ... and {} more\n", more);
  return text;
}

std::string restarts_text(const Tally& tally) {
  std::string text;
  for (const auto& [id, time_ns] : tally.restarts()) {
    text += fmt::format("{}{} at {} s", text.empty() ? "restarts: " : ", ", node(id),
                        observe::seconds(time_ns));
  }
  return text.empty() ? text : text + '\n';
}

std::string health_text(const evidence::Health& health) {
  std::string text = fmt::format(
      "health{}: {} elections, {} without need, {} split votes, {} transfers; {} s without a "
      "leader, "
      "{} s at most\n",
      health.group.empty() ? "" : " of " + health.group, health.elections,
      health.needless_elections, health.split_votes, health.transfers,
      observe::seconds(health.leaderless_ns), observe::seconds(health.longest_leaderless_ns));
  text += fmt::format("  {} heartbeats missed, {} entries sent again, {} appends refused",
                      health.heartbeats_missed, health.resent_entries, health.refused_appends);
  if (health.heartbeat_interval_ns) {
    text += fmt::format("; a heartbeat each {} s", observe::seconds(*health.heartbeat_interval_ns));
  }
  if (health.election_timeout_ns) {
    text += fmt::format("; elections after {} s of silence",
                        observe::seconds(*health.election_timeout_ns));
  }
  return text + '\n';
}

std::string verdict_text(const WireReport& report) {
  std::string text = "checks:\n";
  for (const verdict::Finding& finding : report.findings) {
    text += fmt::format("  {:<19} {:<7} {}\n", finding.checker, verdict::name(finding.verdict),
                        finding.sentence);
    if (finding.evidence.empty()) continue;
    text += fmt::format("    messages {}\n", fmt::join(finding.evidence, ", "));
  }
  for (const std::string& note : report.notes) text += fmt::format("  not judged: {}\n", note);
  return text;
}

std::string trouble_text(const Conversation& conversation) {
  const capture::Opening& opening = conversation.opening;
  std::string text;
  for (const Side side : {Side::Dialer, Side::Acceptor}) {
    const observe::Direction& way = conversation.directions[static_cast<std::size_t>(side)];
    if (way.lost == 0 && !way.opaque) continue;
    const bool dials = side == Side::Dialer;
    text += fmt::format("  c{} {} > {}", opening.id,
                        capture::text(dials ? opening.dialer : opening.acceptor),
                        capture::text(dials ? opening.acceptor : opening.dialer));
    if (!opening.seen) text += ", begun before the capture";
    if (way.lost > 0) text += fmt::format(", {} bytes lost", way.lost);
    if (way.opaque) text += fmt::format(", opaque from byte {} on: {}", way.opaque_at, *way.opaque);
    text += '\n';
  }
  return text;
}

std::string troubles_text(const Tally& tally) {
  std::string text;
  const observe::Talk& spoken = tally.spoken();
  if (!spoken.troubled.empty()) text += "not understood:\n";
  for (std::size_t i = 0; i < spoken.troubled.size() && i < kShownTroubles; ++i) {
    text += trouble_text(spoken.troubled[i]);
  }
  const std::uint64_t more =
      spoken.troubled.size() - std::min(spoken.troubled.size(), kShownTroubles) + spoken.untold;
  if (more > 0) text += fmt::format("  ... and {} more connections\n", more);
  if (tally.foreign().connections == 0) return text;
  text += fmt::format("other connections: {}, {} bytes\n", tally.foreign().connections,
                      tally.foreign().bytes);
  // They matter where nothing was understood at all.
  if (tally.messages() > 0) return text;
  for (const auto& [reason, count] : tally.foreign_reasons()) {
    text += fmt::format("  {} x {}\n", count, reason);
  }
  return text;
}

}  // namespace

std::string report_text(const WireReport& report) {
  std::string text = capture_text(report);
  if (report.tally.messages() > 0) {
    text += nodes_text(report) + messages_text(report.tally) + leaders_text(report.tally);
    text += restarts_text(report.tally);
    for (const evidence::Health& health : report.health) text += health_text(health);
  }
  text += troubles_text(report.tally);
  if (report.tally.messages() > 0) text += verdict_text(report);
  return text;
}

verdict::Finding judge_capture(const WireReport& report) {
  const observe::Talk& spoken = report.tally.spoken();
  const std::uint64_t troubled = spoken.troubled.size() + spoken.untold;
  verdict::Finding finding;
  finding.checker = "capture";
  if (report.tally.messages() == 0) {
    finding.sentence = fmt::format("no message of {} was found", name(report.protocol));
  } else if (troubled > 0) {
    finding.sentence =
        fmt::format("of {} connections of {}, {} have gaps or were not understood to their end",
                    spoken.connections, name(report.protocol), troubled);
  } else if (report.counts.error) {
    finding.sentence = "the file makes no sense to its end";
  } else if (report.counts.lost > 0) {
    finding.sentence =
        fmt::format("{} packets were lost by the capturing program", report.counts.lost);
  } else {
    finding.verdict = verdict::Verdict::Valid;
    finding.sentence =
        fmt::format("{} connections of {}, all understood as far as the capture goes",
                    spoken.connections, name(report.protocol));
  }
  return finding;
}

}  // namespace check::run
