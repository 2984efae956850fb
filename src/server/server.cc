// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "os/clock.h"
#include "os/signals.h"
#include "server/info.h"
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

// The name as a number that goes into every frame and file (FNV-1a).
codec::ClusterId cluster_id(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return {hash};
}

std::uint32_t ticks(std::chrono::milliseconds time) {
  return static_cast<std::uint32_t>((time + kTick - std::chrono::milliseconds(1)) / kTick);
}

replica::Config replica_config(const Options& options) {
  replica::Config config;
  config.raft.self = options.id;
  for (const auto& [id, where] : options.peers) config.raft.voters.push_back(id);
  config.raft.election_ticks_min = ticks(options.election_min);
  config.raft.election_ticks_max = ticks(options.election_max);
  config.raft.heartbeat_ticks = ticks(options.heartbeat);
  config.raft.seed = os::entropy();
  config.journal.cluster = cluster_id(options.cluster).value;
  config.journal.node = options.id;
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

PeersConfig peers_config(const Options& options) {
  PeersConfig config;
  config.cluster = cluster_id(options.cluster);
  config.self = options.id;
  config.nodes = options.peers;
  config.patience = options.election_max;
  config.backoff_max = options.election_min;
  return config;
}

ClientLimits client_limits(const Options& options) {
  ClientLimits limits;
  limits.clients = options.max_clients;
  limits.request_timeout = options.request_timeout;
  return limits;
}

}  // namespace

Server::Server(const Options& options)
    : options_(options),
      log_(options.id),
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
  // An address that is taken is found out before the journal is touched.
  TRY(peers_, Peers::open(*loop_, log_, peers_config(options_), router_));
  TRY(clients_, Clients::listen(*loop_, log_, options_.listen, client_limits(options_),
                                [this](std::string_view section) { return info(section); }));
  TRY(replica::Replica replica, replica::Replica::open(*disk_, replica_config(options_), router_));
  replica_.emplace(std::move(replica));
  router_.connect(*replica_, *peers_, *clients_);
  return base::Done{};
}

Server::End Server::run() {
  StopFlag stop;
  const os::Loop::Watch watch = loop_->add(stop_signals_.number(), os::Loop::Interest::Read, stop);
  const raft::Node& node = replica_->node();
  log_.event("start",
             fmt::format("version={} cluster={} peers={} last={} term={}", quoted(version::text()),
                         quoted(options_.cluster), options_.peers.size(), node.last().index.value(),
                         node.term().value()));
  const base::Result<os::HostPort> listening = clients_->address();
  fmt::print("ready id={} listen={}\n", options_.id.value,
             listening.ok() ? listening.value().text() : options_.listen.text());
  std::fflush(stdout);
  End end = End::Stopped;
  while (!stop.raised()) {
    if (const base::Status done = turn(); !done.ok()) {
      log_.event("storage-error", "error=" + quoted(done.error().message));
      end = End::StorageFailed;
      break;
    }
  }
  if (end == End::Stopped) log_.event("stop", "reason=signal");
  loop_->remove(watch);
  return end;
}

base::Status Server::turn() {
  const auto now = os::steady_now();
  const bool work_left = clients_->any_waiting();
  TRY([[maybe_unused]] const auto waited,
      loop_->turn(work_left ? std::chrono::nanoseconds(0) : next_tick_ - now));
  if (os::steady_now() >= next_tick_) on_time();
  router_.dispatch();
  TRY([[maybe_unused]] const auto finished, replica_->finish_turn());
  router_.note_changes();
  return base::Done{};
}

// Ticks that were missed, because the process was stopped or the disk slow, are not made up for:
// a burst of them would look like silence of the others.
void Server::on_time() {
  const auto now = os::steady_now();
  next_tick_ = std::max(next_tick_ + kTick, now);
  replica_->tick();
  peers_->on_time(now);
  clients_->on_time(now);
}

std::string Server::info(std::string_view section) const {
  Facts facts{options_, *replica_, *peers_, clients_->size(), os::steady_now() - started_};
  return info_text(facts, section);
}

}  // namespace server
