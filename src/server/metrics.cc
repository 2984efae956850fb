// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.h"

#include <fmt/core.h>

#include <string_view>

#include "server/info.h"
#include "server/status.h"
#include "version/version.h"

namespace server {
namespace {

constexpr std::chrono::nanoseconds kFirstBucket = std::chrono::microseconds(100);

class Page {
 public:
  std::string take() && { return std::move(text_); }

  // Begins a family of figures; its figures follow.
  Page& family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = fmt::format("raftkv_{}", name);
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help, name_, type);
    return *this;
  }
  // `labels`: none, or `{name="value"}`.
  Page& figure(std::uint64_t value, std::string_view labels = "") {
    text_ += fmt::format("{}{} {}\n", name_, labels, value);
    return *this;
  }
  void histogram(const Histogram& histogram, std::string_view kind) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
      below += histogram.counts()[i];
      text_ += fmt::format("{}_bucket{{kind=\"{}\",le=\"{:g}\"}} {}\n", name_, kind,
                           Histogram::upper_seconds(i), below);
    }
    below += histogram.counts()[Histogram::kBuckets];
    text_ += fmt::format("{}_bucket{{kind=\"{}\",le=\"+Inf\"}} {}\n", name_, kind, below);
    text_ += fmt::format("{}_sum{{kind=\"{}\"}} {:.6f}\n", name_, kind,
                         std::chrono::duration<double>(histogram.sum()).count());
    text_ += fmt::format("{}_count{{kind=\"{}\"}} {}\n", name_, kind, below);
  }

 private:
  std::string name_;
  std::string text_;
};

void write_standing(const Status& status, Page& page) {
  page.family("info", "gauge", "Always 1")
      .figure(1, fmt::format("{{id=\"{}\",version=\"{}\"}}", status.id.value, version::text()));
  page.family("role", "gauge", "1 for the role that the node has");
  for (const std::string_view role : {"follower", "pre-candidate", "candidate", "leader"}) {
    page.figure(status.role == role ? 1 : 0, fmt::format("{{role=\"{}\"}}", role));
  }
  page.family("leader_id", "gauge", "Who leads, as far as this node knows; 0: nobody")
      .figure(status.leader ? status.leader->value : 0);
  page.family("term", "gauge", "The current term").figure(status.term);
  page.family("commit_index", "gauge", "Committed up to here").figure(status.commit);
  page.family("applied_index", "gauge", "Applied up to here").figure(status.applied);
  page.family("last_index", "gauge", "The log ends here").figure(status.last_index);
  page.family("waiting_requests", "gauge", "Requests that the replica has not answered")
      .figure(status.waiting);
  page.family("clients", "gauge", "Connections of clients").figure(status.clients);
  page.family("keys", "gauge", "Keys in the state machine").figure(status.keys);
  page.family("sessions", "gauge", "Client sessions").figure(status.sessions);
  page.family("uptime_seconds", "gauge", "Since the process started").figure(status.uptime_seconds);
}

void write_counters(const Counters& counters, Page& page) {
  page.family("candidacies_total", "counter", "Times that this node stood for election")
      .figure(counters.candidacies());
  page.family("leaderships_total", "counter", "Times that this node was elected")
      .figure(counters.leaderships());
  page.family("leader_changes_total", "counter", "Times that another leader was heard of")
      .figure(counters.leader_changes());
  page.family("requests_total", "counter", "Requests of this node's clients, by what came of them");
  const auto outcomes = [&](std::string_view kind, const Counters::Requests& requests) {
    const auto one = [&](std::string_view outcome, std::uint64_t count) {
      page.figure(count, fmt::format("{{kind=\"{}\",outcome=\"{}\"}}", kind, outcome));
    };
    one("done", requests.done);
    one("not_done", requests.not_done);
    one("unknown", requests.unknown);
  };
  outcomes("write", counters.writes());
  outcomes("read", counters.reads());
  page.family("request_seconds", "histogram", "From parsing a request to having its answer");
  page.histogram(counters.writes().latency, "write");
  page.histogram(counters.reads().latency, "read");
}

void write_storage(const Facts& facts, const Status& status, Page& page) {
  const StorageFigures& storage = status.storage;
  const session::Table& sessions = facts.sessions.table();
  page.family("log_bytes", "gauge", "Files of the log on the disk, prepared ones, too")
      .figure(storage.log_bytes);
  page.family("log_files", "gauge", "Such files: segments, or the mapped one")
      .figure(storage.segments);
  page.family("log_entries", "gauge", "Entries behind the snapshot, or kept before its end")
      .figure(status.last_index - facts.member.node().log().base().index.value());
  page.family("snapshots", "gauge", "Files of snapshots").figure(storage.snapshots);
  page.family("snapshot_bytes", "gauge", "All of them").figure(storage.snapshot_bytes);
  page.family("snapshot_index", "gauge", "The newest snapshot ends here; 0: there is none")
      .figure(storage.snapshot_index);
  page.family("snapshot_age_seconds", "gauge", "Since the newest snapshot was written")
      .figure(storage.snapshot_age_seconds);
  page.family("snapshot_failing", "gauge", "1: the last attempt at a snapshot failed")
      .figure(facts.member.replica().snapshot_failure() ? 1 : 0);
  page.family("damage_found", "gauge", "Damaged pieces, when the node started or since")
      .figure(facts.member.replica().findings().size());
  page.family("damaged", "gauge", "1: some of them still are").figure(storage.damaged ? 1 : 0);
  page.family("sync_seconds", "histogram", "Syncs of files, by how long they took");
  page.histogram(facts.counters.syncs(), "file");
  page.family("session_answer_bytes", "gauge", "Answers kept for sessions")
      .figure(sessions.answer_bytes());
  page.family("sessions_expired_total", "counter", "Sessions that had to go for newer ones")
      .figure(sessions.expired());
}

void write_peers(const Facts& facts, const Status& status, Page& page) {
  using Statistics = transport::PeerStatistics;
  const std::map<raft::NodeId, Statistics> peers = facts.member.transport().statistics();
  const auto each = [&](std::string_view name, std::string_view type, std::string_view help,
                        auto value) {
    page.family(name, type, help);
    for (const auto& [id, peer] : peers)
      page.figure(value(peer), fmt::format("{{peer=\"{}\"}}", id.value));
  };
  each("peer_connected", "gauge", "1: requests can be passed on to it",
       [](const Statistics& peer) { return std::uint64_t{peer.up}; });
  each("peer_messages_sent_total", "counter", "Messages to a peer",
       [](const Statistics& peer) { return peer.messages_sent; });
  each("peer_bytes_sent_total", "counter", "Bytes to a peer",
       [](const Statistics& peer) { return peer.bytes_sent; });
  each("peer_messages_received_total", "counter", "Messages from a peer",
       [](const Statistics& peer) { return peer.messages_received; });
  each("peer_bytes_received_total", "counter", "Bytes from a peer",
       [](const Statistics& peer) { return peer.bytes_received; });
  each("peer_dropped_total", "counter", "Messages that were not sent: no connection, or no room",
       [](const Statistics& peer) { return peer.dropped; });
  each("peer_refused_total", "counter",
       "What came in its name and was not believed: of a second process with its id, for example",
       [](const Statistics& peer) { return peer.refused; });
  each("peer_queued_bytes", "gauge", "What waits to be sent to a peer",
       [](const Statistics& peer) { return std::uint64_t{peer.queued_bytes}; });
  if (status.role != "leader") return;
  page.family("peer_match_index", "gauge", "Durable at a peer up to here, as this leader knows");
  for (const MemberStatus& member : status.members) {
    if (member.match) page.figure(*member.match, fmt::format("{{peer=\"{}\"}}", member.id.value));
  }
}

}  // namespace

double Histogram::upper_seconds(std::size_t bucket) {
  return std::chrono::duration<double>(kFirstBucket).count() *
         static_cast<double>(std::uint64_t{1} << bucket);
}

void Histogram::add(std::chrono::nanoseconds time) {
  std::size_t bucket = 0;
  for (auto upper = kFirstBucket; bucket < kBuckets && time > upper; upper *= 2) ++bucket;
  ++counts_[bucket];
  sum_ += time;
}

void Counters::on_done(bool is_write, std::chrono::nanoseconds took) {
  Requests& requests = is_write ? writes_ : reads_;
  ++requests.done;
  requests.latency.add(took);
}

void Counters::on_failures(const Failures& failures) {
  writes_.not_done += failures.writes.not_done;
  writes_.unknown += failures.writes.unknown;
  reads_.not_done += failures.reads.not_done;
  reads_.unknown += failures.reads.unknown;
}

void Counters::on_standing(const member::Standing& standing) {
  const auto became = [&](raft::Role role) {
    const bool same = standing_.role == role && standing_.term == standing.term;
    return standing.role == role && !same;
  };
  if (became(raft::Role::Candidate)) ++candidacies_;
  if (became(raft::Role::Leader)) ++leaderships_;
  if (standing.leader && standing.leader != standing_.leader) ++leader_changes_;
  standing_ = standing;
}

std::string metrics_text(const Facts& facts) {
  const Status status = status_of(facts);
  Page page;
  write_standing(status, page);
  write_counters(facts.counters, page);
  write_storage(facts, status, page);
  write_peers(facts, status, page);
  return std::move(page).take();
}

http::Response health(const Facts& facts) {
  const Status status = status_of(facts);
  if (!status.leader) return {503, why_not_leader(facts) + "\n"};
  if (*status.leader != status.id && !facts.member.transport().is_up(*status.leader)) {
    return {503, fmt::format("Node {} leads in term {}, and there is no connection to it.\n",
                             status.leader->value, status.term)};
  }
  return {200, fmt::format("Node {} leads in term {}.\n", status.leader->value, status.term)};
}

}  // namespace server
