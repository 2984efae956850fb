// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "os/clock.h"
#include "os/descriptors.h"
#include "os/signals.h"
#include "server/answers.h"
#include "server/info.h"
#include "transport/tcp_transport.h"
#include "transport/udp_transport.h"
#include "version/version.h"

namespace server {
namespace {

// Becomes true when a stop signal came.
class StopFlag final : public os::Handler {
 public:
  void on_ready(os::Ready /*ready*/) override { raised_ = true; }
  bool raised() const { return raised_; }

 private:
  bool raised_ = false;
};

// What a follower that stopped to read may cost, twice (the buffer grows by doubling).
constexpr std::uint64_t kInflightBytes = std::uint64_t{8} << 20U;

// Connections that were lost, and requests that are late, are looked after so often at least.
constexpr std::uint64_t kMostQuietTicks = 5;

std::uint32_t ticks(std::chrono::milliseconds time) {
  return static_cast<std::uint32_t>((time + kTick - std::chrono::milliseconds(1)) / kTick);
}

replica::Config replica_config(const Options& options) {
  replica::Config config;
  config.raft.self = options.id;
  config.raft.life = os::entropy();
  if (!options.join) {
    config.raft.initial.voters.reserve(options.peers.size());
    for (const auto& [id, where] : options.peers) {
      config.raft.initial.voters.push_back({id, where.text()});
    }
  }
  config.raft.lease.on = options.lease;
  config.raft.lease.drift_per_mille = options.clock_drift_per_mille;
  config.snapshots.log_bytes = options.snapshot_log_bytes;
  config.snapshots.log_entries = options.snapshot_entries;
  config.snapshots.keep_entries = options.snapshot_keep_entries;
  if (options.snapshot_log_bytes > 0) config.snapshots.keep_bytes = options.snapshot_log_bytes;
  config.raft.election_ticks_min = ticks(options.election_min);
  config.raft.election_ticks_max = ticks(options.election_max);
  config.raft.heartbeat_ticks = ticks(options.heartbeat);
  config.raft.seed = os::entropy();
  config.raft.max_inflight_bytes = kInflightBytes;
  config.journal.cluster = cluster_id(options.cluster).value;
  config.journal.node = options.id;
  config.journal.kind = options.storage;
  config.journal.segment_bytes = options.segment_bytes;
#ifdef SEAWORTHY_BROKEN
  using replica::Broken;
  if (options.broken == "stale-read") config.broken = Broken::StaleRead;
  if (options.broken == "early-ack") config.broken = Broken::EarlyAck;
  if (options.broken == "lost-tail") config.broken = Broken::LostTail;
  if (options.broken == "forgets-vote") config.broken = Broken::ForgetsVote;
  using Rule = raft::Broken;
  if (options.broken == "votes-twice") config.raft.broken = Rule::VotesTwice;
  if (options.broken == "stale-vote-check") config.raft.broken = Rule::StaleVoteCheck;
  if (options.broken == "commits-by-counting") config.raft.broken = Rule::CommitsByCounting;
  if (options.broken == "truncates-acked") config.raft.broken = Rule::TruncatesAcked;
  if (options.broken == "empties-resent") config.raft.broken = Rule::EmptiesResent;
  config.journal.no_sync = options.broken == "no-sync";
#endif
  return config;
}

member::Member::Config member_config(const Options& options) {
  member::Member::Config config;
  config.replica = replica_config(options);
  config.peers = options.peers;
  config.too_long =
      answer_of(kv::Reply{kv::Error{"ERR the answer is too long to be passed on: ask the leader"}});
  config.too_long_of_write = answer_of(
      kv::Reply{kv::Error{"NOTKEPT the write was done; its answer is too long to be passed on"}});
  config.too_large = [](std::uint64_t bytes, std::uint64_t limit) {
    return answer_of(kv::Reply{kv::Error{
        fmt::format("ERR the command takes {} bytes of the log, and this cluster's transport can "
                    "carry {}",
                    bytes, limit)}});
  };
  return config;
}

transport::Config transport_config(const Options& options) {
  transport::Config config;
  config.cluster = cluster_id(options.cluster);
  config.self = options.id;
  config.life = {std::max<std::uint64_t>(1, os::entropy())};
  config.listen = options.peers.at(options.id);
  config.peers = options.peers;
  config.patience = options.election_max;
  config.backoff_max = options.election_min;
  config.tls = options.tls;
  config.datagram_bytes = options.datagram_bytes;
  return config;
}

// Files of the log, connections of peers and strangers, pages: what is open besides clients.
constexpr std::size_t kOtherDescriptors = 512;

// Clients must not take the last descriptor: a log that cannot open its next file stops the node.
base::Result<std::size_t> allowed_clients(const Options& options, const os::Log& log) {
  const std::size_t allowed = os::allow_descriptors(options.max_clients + kOtherDescriptors);
  if (allowed >= options.max_clients + kOtherDescriptors) return options.max_clients;
  if (allowed <= kOtherDescriptors) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       fmt::format("this process may open {} files and sockets (ulimit -n), and "
                                   "more than {} are needed",
                                   allowed, kOtherDescriptors)};
  }
  log.event(
      "fewer-clients",
      fmt::format("max-clients={} reason=\"this process may open {} files and sockets (ulimit "
                  "-n)\"",
                  allowed - kOtherDescriptors, allowed));
  return allowed - kOtherDescriptors;
}

ClientLimits client_limits(const Options& options) {
  ClientLimits limits;
  limits.clients = options.max_clients;
  limits.all_input_bytes = options.max_input_bytes;
  limits.request_timeout = options.request_timeout;
  return limits;
}

base::Result<std::unique_ptr<transport::Transport>> open_transport_of(
    const Options& options, os::Loop& loop, const os::Log& log, transport::Listener& listener) {
  const transport::Config config = transport_config(options);
  if (options.udp) {
    TRY(auto udp, transport::UdpTransport::open(loop, log, config, listener));
    return std::unique_ptr<transport::Transport>(std::move(udp));
  }
  TRY(auto tcp, transport::TcpTransport::open(loop, log, config, listener));
  return std::unique_ptr<transport::Transport>(std::move(tcp));
}

}  // namespace

Server::Server(const Options& options)
    : options_(options),
      log_(options.id.value, options.log_format),
      started_(os::steady_now()),
      next_tick_(started_),
      router_(log_) {}

base::Result<std::unique_ptr<Server>> Server::open(const Options& options) {
  std::unique_ptr<Server> server(new Server(options));
  TRY([[maybe_unused]] const auto opened, server->open_all());
  return server;
}

base::Status Server::open_all() {
  TRY(stop_signals_, os::catch_stop_signals());
  TRY(loop_, os::Loop::make());
  TRY(disk_, os::Directory::lock(options_.data));
  disk_->use_thread();
  disk_->watch_syncs([this](std::chrono::nanoseconds took) { counters_.on_sync(took); });
  TRY(options_.max_clients, allowed_clients(options_, log_));
  TRY(clients_,
      Clients::listen({*loop_, log_, *this, counters_}, options_.listen, client_limits(options_)));
  if (options_.http) {
    TRY(http_, HttpPort::listen(*loop_, *options_.http,
                                [this](std::string_view path) { return page(path); }));
  }
  const auto open_transport =
      [this](transport::Listener& listener) -> base::Result<std::unique_ptr<transport::Transport>> {
    auto opened = open_transport_of(options_, *loop_, log_, listener);
    if (opened.ok()) return opened;
    return base::Error{base::ErrorCode::Unavailable, opened.error().message};  // Not the disk.
  };
  auto opened =
      member::Member::open({*disk_, sessions_, router_}, member_config(options_), open_transport);
  const bool disk_failed = !opened.ok() && (opened.error().code == base::ErrorCode::Io ||
                                            opened.error().code == base::ErrorCode::NotFound);
  if (disk_failed) {
    return base::Error{base::ErrorCode::Corrupt, opened.error().message};
  }
  TRY(member_, std::move(opened));
  router_.connect({*member_, sessions_, machine_, *clients_, admin_, options_.clients, counters_,
                   options_.request_timeout, options_.follower_reads});
  admin_.connect(*member_, router_);
  return base::Done{};
}

Server::End Server::run() {
  StopFlag stop;
  const os::Loop::Watch watch = loop_->add(stop_signals_.number(), os::Loop::Interest::Read, stop);
  const raft::Node& node = member_->node();
  tell_damage();
  log_.event("start",
             fmt::format("version={} cluster={} peers={} last={} term={}",
                         os::quoted(version::text()), os::quoted(options_.cluster),
                         options_.peers.size(), node.last().index.value(), node.term().value()));
  const base::Result<os::HostPort> listening = clients_->address();
  fmt::print("ready id={} listen={}\n", options_.id.value,
             listening.ok() ? listening.value().text() : options_.listen.text());
  std::fflush(stdout);
  base::Status done = base::Done{};
  while (!stop.raised() && done.ok()) done = turn();
  if (done.ok()) done = hand_over();
  loop_->remove(watch);
  return end_of(done);
}

Server::End Server::end_of(const base::Status& done) {
  if (done.ok()) {
    log_.event("stop", "reason=signal");
    return End::Stopped;
  }
  const bool full = done.error().code == base::ErrorCode::NoSpace;
  log_.event(full ? "disk-full" : "storage-error", "error=" + os::quoted(done.error().message));
  return full ? End::DiskFull : End::StorageFailed;
}

void Server::tell_damage() {
  tell_findings();
  damaged_ = member_->replica().is_damaged();
  if (told_findings_ > 0 && !damaged_) {
    log_.event("repaired", "how=\"from what this node has itself\"");
  }
}

// Those that were not told yet.
void Server::tell_findings() {
  const std::vector<journal::Finding>& findings = member_->replica().findings();
  if (told_findings_ == findings.size()) return;
  for (; told_findings_ < findings.size(); ++told_findings_) {
    log_.event("damage", fmt::format("what={}", os::quoted(findings[told_findings_].sentence())));
  }
  damaged_ = member_->replica().is_damaged();
}

void Server::tell_changes() {
  tell_findings();
  if (damaged_ && !member_->replica().is_damaged()) {
    damaged_ = false;
    log_.event("repaired", fmt::format("last={}", member_->node().last().index.value()));
  }
  const std::optional<base::Error>& failure = member_->replica().snapshot_failure();
  const std::string why = failure ? failure->message : "";
  if (failure && why != snapshot_failure_) {
    log_.event("snapshot-failed", "error=" + os::quoted(why));
  }
  snapshot_failure_ = why;
}

// A leader that stops lets another take over first, so that nobody has to wait out an election
// timeout. Clients are served meanwhile.
base::Status Server::hand_over() {
  const std::optional<raft::NodeId> to = member_->best_successor();
  if (!to) return base::Done{};
  member_->transfer({}, *to);
  const auto deadline = os::steady_now() + options_.election_max;
  const raft::Term led = member_->node().term();
  const auto is_over = [&] {
    const bool taken = member_->node().term() > led && member_->node().leader();
    return taken || os::steady_now() >= deadline;
  };
  while (!is_over()) {
    TRY([[maybe_unused]] const base::Done turned, turn());
  }
  log_.event("hand-over", fmt::format("to={} taken={}", to->value,
                                      member_->node().leader() == to ? "yes" : "no"));
  return base::Done{};
}

base::Status Server::turn() {
  const bool work_left = clients_->has_work() || member_->replica().is_busy();
  const std::int64_t quiet = work_left ? 0 : quiet_ticks();
  const auto until = next_tick_ + quiet * kTick;
  TRY([[maybe_unused]] const auto waited,
      loop_->wait(work_left ? std::chrono::nanoseconds(0) : until - os::steady_now()));
  // What comes now comes after them.
  const auto before = next_tick_;
  for (std::int64_t left = quiet; left > 0 && os::steady_now() >= next_tick_; --left) {
    member_->tick(next_tick_, 0);
    next_tick_ += kTick;
  }
  loop_->dispatch();
  if (os::steady_now() >= next_tick_) {
    on_time();
  } else if (next_tick_ != before) {
    look_after();
  }
  router_.dispatch();
  return member_->finish_turn();
}

// Ticks that nobody needs to wake up for.
std::int64_t Server::quiet_ticks() const {
  const replica::Replica& replica = member_->replica();
  const bool is_idle =
      replica.waiting() == 0 && !replica.is_writing_snapshot() && !clients_->any_stalled();
  const std::uint64_t quiet = is_idle ? member_->node().quiet_ticks() : 0;
  return static_cast<std::int64_t>(std::min(kMostQuietTicks, quiet));
}

// Ticks that were missed, because the process was stopped or the disk slow, are not made up for:
// a burst of them would look like silence of the others. But leases end by them.
void Server::on_time() {
  const auto now = os::steady_now();
  const auto missed = static_cast<std::uint64_t>((now - next_tick_) / kTick);
  next_tick_ = std::max(next_tick_ + kTick, now);
  member_->tick(now, missed);
  look_after();
}

// What is looked after from time to time, beside Raft.
void Server::look_after() {
  const auto now = os::steady_now();
  clients_->on_time(now);
  if (http_ != nullptr) http_->on_time(now);
  tell_changes();
}

http::Response Server::page(std::string_view path) const {
  if (path == "/metrics")
    return {200, metrics_text(facts()), "text/plain; version=0.0.4; charset=utf-8"};
  if (path == "/health") return health(facts());
  return {404, "there are /metrics and /health\n"};
}

Facts Server::facts() const {
  return {options_, *member_,  machine_,         sessions_,
          *disk_,   counters_, clients_->size(), os::steady_now() - started_};
}

std::string Server::info(std::span<const std::string_view> sections) const {
  return info_text(facts(), sections);
}

std::size_t Server::max_clients() const { return options_.max_clients; }

Status Server::status() const { return status_of(facts()); }

std::string Server::why_not_leader() const { return server::why_not_leader(facts()); }

}  // namespace server
