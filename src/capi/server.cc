// SPDX-License-Identifier: Apache-2.0
#include "capi/server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/fnv1a.h"
#include "capi/persist_disk.h"
#include "os/clock.h"
#include "os/error.h"
#include "os/net.h"
#include "os/signals.h"
#include "transport/udp_transport.h"

namespace capi {
namespace {

constexpr std::chrono::milliseconds kTick{10};
// How long a request may wait for somebody to lead, and what the first client has sent for its end.
constexpr std::chrono::seconds kPatience{5};

// For a client to go on to read what it has to before it is asked for more.
constexpr std::chrono::seconds kReadPatience{10};
// Results of so many requests have room, however long they are, when a channel is drained.
constexpr std::size_t kSureResults =
    (Channel::kShareOutputBytes - Channel::kPauseOutputBytes) / RAFT_MAX_BYTES;

std::uint32_t ticks(std::chrono::milliseconds time) {
  return static_cast<std::uint32_t>((time + kTick - std::chrono::milliseconds(1)) / kTick);
}

replica::Config replica_config(const Setup& setup) {
  replica::Config config;
  config.raft.self = setup.self;
  config.raft.life = os::entropy();
  for (const auto& [id, where] : setup.cluster.servers) {
    config.raft.initial.voters.push_back({id, where.text()});
  }
  config.raft.election_ticks_min = ticks(setup.cluster.election_min);
  config.raft.election_ticks_max = ticks(setup.cluster.election_max);
  config.raft.heartbeat_ticks = ticks(setup.cluster.heartbeat);
  config.raft.seed = os::entropy();
  config.journal.cluster = base::fnv1a(setup.cluster.cluster);
  config.journal.node = setup.self;
  config.journal.kind = journal::Kind::Mapped;
  if (setup.callbacks.save == nullptr) config.snapshots.log_bytes = 0;
  return config;
}

transport::Config transport_config(const Setup& setup) {
  transport::Config config;
  config.cluster = {base::fnv1a(setup.cluster.cluster)};
  config.self = setup.self;
  config.life = {std::max<std::uint64_t>(1, os::entropy())};
  config.listen = setup.cluster.servers.at(setup.self);
  config.peers = setup.cluster.servers;
  config.patience = setup.cluster.election_max;
  config.backoff_max = setup.cluster.election_min;
  config.datagram_bytes = setup.cluster.datagram_bytes;
  if (setup.unreliable) {
    const raft_unreliable& bad = *setup.unreliable;
    const std::uint64_t seed = bad.seed == 0 ? os::entropy() : bad.seed;
    config.unreliable = {bad.loss, bad.duplicate, bad.reorder, bad.corrupt, seed};
  }
  return config;
}

base::Result<std::unique_ptr<transport::Transport>> open_transport_of(
    const Setup& setup, os::Loop& loop, const os::Log& log, transport::Listener& listener) {
  const transport::Config config = transport_config(setup);
  if (setup.cluster.transport == ClusterFile::Transport::Udp) {
    TRY(auto udp, transport::UdpTransport::open(loop, log, config, listener));
    return std::unique_ptr<transport::Transport>(std::move(udp));
  }
  TRY(auto tcp, transport::TcpTransport::open(loop, log, config, listener));
  return std::unique_ptr<transport::Transport>(std::move(tcp));
}

os::Fd duplicate(int fd) { return os::Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

raft_status status_of(const replica::Outcome& outcome) {
  if (std::holds_alternative<replica::Done>(outcome)) return RAFT_DONE;
  if (std::holds_alternative<replica::Unknown>(outcome)) return RAFT_UNKNOWN;
  if (std::get<replica::NotDone>(outcome).reason == replica::NotDone::Reason::TooLong) {
    return RAFT_TOO_LONG;
  }
  return RAFT_REFUSED;
}

}  // namespace

Server::Server(const Setup& setup)
    : setup_(setup),
      log_(setup.self.value),
      machine_(setup.callbacks),
      input_(setup.max_waiting_bytes) {}

Server::~Server() {
  if (listening_) loop_->remove(*listening_);
  if (stopping_) loop_->remove(*stopping_);
}

base::Result<std::unique_ptr<Server>> Server::open(const Setup& setup) {
  std::unique_ptr<Server> server(new Server(setup));
  TRY([[maybe_unused]] const auto opened, server->open_all());
  return server;
}

base::Status Server::open_all() {
  TRY(loop_, os::Loop::make());
  if (setup_.listen_fd >= 0) {
    TRY(stop_signals_, os::catch_stop_signals());
    stopping_ = loop_->add(stop_signals_.number(), os::Loop::Interest::Read, stop_);
  }
  TRY(disk_, PersistDisk::open(setup_));
  if (!setup_.applied.empty()) {
    TRY(AppliedFile applied, of_the_environment(AppliedFile::open(setup_.applied)));
    applied_ = std::make_unique<AppliedFile>(std::move(applied));
  }
  const auto open_transport = [this](transport::Listener& listener) {
    return of_the_environment(open_transport_of(setup_, *loop_, log_, listener));
  };
  member::Member::Config config;
  config.replica = replica_config(setup_);
  config.peers = setup_.cluster.servers;
  auto opened = member::Member::open({*disk_, machine_, *this}, config, open_transport);
  if (!opened.ok()) return told(opened.error(), setup_.persist);
  member_ = std::move(opened).value();
  if (setup_.listen_fd >= 0) {
    ::fcntl(setup_.listen_fd, F_SETFL, ::fcntl(setup_.listen_fd, F_GETFL) | O_NONBLOCK);
    listening_ = loop_->add(setup_.listen_fd, os::Loop::Interest::Read, *this);
  }
  if (setup_.read_fd >= 0) {
    const bool one = setup_.read_fd == setup_.write_fd;
    first_client_ =
        add_channel(duplicate(setup_.read_fd), one ? os::Fd() : duplicate(setup_.write_fd));
  }
  return base::Done{};
}

base::Status Server::run() {
  next_tick_ = os::steady_now();
  while (!client_closed_ && !stop_.raised()) {
    if (const base::Status done = turn(); !done.ok()) return done.error();
  }
  return base::Done{};
}

base::Status Server::turn() {
  TRY([[maybe_unused]] const auto waited, loop_->turn(next_tick_ - os::steady_now()));
  const std::chrono::nanoseconds now = os::steady_now();
  if (now >= next_tick_) {
    const auto missed = static_cast<std::uint64_t>((now - next_tick_) / kTick);
    next_tick_ = std::max(next_tick_ + kTick, now);
    member_->tick(now, missed);
    if (listening_) loop_->change(*listening_, os::Loop::Interest::Read);
  }
  resume_channels(now);
  submit_waiting(now);
  TRY([[maybe_unused]] const auto finished, member_->finish_turn());
  on_flush();
  bury();
  return base::Done{};
}

std::uint64_t Server::add_channel(os::Fd read, os::Fd write) {
  const std::uint64_t name = ++last_channel_;
  os::send_at_once(write.is_open() ? write : read);
  Client& client = clients_[name];
  client.channel = std::make_unique<Channel>(Channel::Ground{*loop_, *this, input_}, name,
                                             std::move(read), std::move(write));
  if (leads_) client.channel->send(record(RAFT_BECAME_LEADER), {});
  return name;
}

void Server::accept_clients() {
  while (true) {
    os::Fd socket(::accept4(setup_.listen_fd, nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.is_open() && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (!socket.is_open() && errno == EAGAIN) return;
    if (!socket.is_open()) {
      // Out of descriptors: who waits would wake us again and again. Tried again at the next tick.
      refuse(os::system_error("accept a client").message);
      return loop_->change(*listening_, os::Loop::Interest::Nothing);
    }
    if (clients_.size() < setup_.max_clients) {
      os::keep_alive(socket);
      add_channel(std::move(socket), {});
    } else {
      refuse("there are " + std::to_string(clients_.size()) + " clients already (max_clients)");
    }
  }
}

void Server::refuse(const std::string& why) {
  if (!refusals_.allows(os::steady_now())) return;
  log_.event("client-refused", "error=" + os::quoted(why));
}

raft_record Server::record(raft_record_type type) const {
  raft_record record{};
  record.type = type;
  record.term = member_ == nullptr ? 0 : member_->node().term().value();
  const auto leader = member_ == nullptr ? std::nullopt : member_->node().leader();
  record.leader = leader ? leader->value : 0;
  return record;
}

void Server::on_request(std::uint64_t channel, Channel::Request request) {
  const std::size_t bytes = request.bytes.size();
  open_.emplace(++last_number_, Open{channel, std::move(request), bytes});
  open_bytes_ += bytes;
  set_used();
  waiting_.push_back({last_number_, os::steady_now() + kPatience});
}

// First come, first served, or a long record would wait for ever behind short ones.
bool Server::has_room(std::uint64_t channel, std::size_t bytes) {
  const bool is_next = for_room_.empty() || for_room_.front() == channel;
  if (is_next && bytes + kRequestBytes <= input_.left_bytes()) {
    if (!for_room_.empty()) for_room_.pop_front();
    return true;
  }
  if (std::ranges::find(for_room_, channel) == for_room_.end()) for_room_.push_back(channel);
  return false;
}

// Who stops in the middle of a record, or as good as stops, must not hold up those that wait for
// room.
void Server::resume_channels(std::chrono::nanoseconds now) {
  const std::vector<std::uint64_t> for_room(for_room_.begin(), for_room_.end());
  for (const std::uint64_t name : for_room) clients_.at(name).channel->resume();
  for (auto& [name, client] : clients_) {
    ask_again(client, now);
    client.channel->resume();
    if (name == first_client_ && client.channel->is_closed(now - kPatience))
      client.channel->end("");
    if (for_room_.empty() || !client.channel->is_late(now - kPatience)) continue;
    client.channel->end(
        "the client stopped in the middle of a record while others waited for room");
  }
  std::erase_if(for_room_, [this](std::uint64_t name) {
    return !clients_.at(name).channel->waits_for_room();
  });
}

// In the order in which they came: what waits for a leader holds up what came later.
void Server::submit_waiting(std::chrono::nanoseconds now) {
  while (!waiting_.empty()) {
    const std::optional<raft::NodeId> leader = member_->node().leader();
    if (leader && submit(waiting_.front().number, *leader)) {
      waiting_.pop_front();
      continue;
    }
    if (now < waiting_.front().deadline) return;
    answer(waiting_.front().number, RAFT_REFUSED, {});
    waiting_.pop_front();
  }
}

bool Server::submit(std::uint64_t number, raft::NodeId leader) {
  const Open& open = open_.at(number);
  const bool is_write = open.request.is_write;
  const auto client = clients_.find(open.channel);
  const bool is_known = client != clients_.end();
  member::Request request;
  if (is_known) request.after = client->second.last_write;
  if (is_write) {
    request.command = std::make_shared<const std::string>(open.request.bytes);
    if (is_known) client->second.last_write = member_->next_request();
  } else {
    request.query = open.request.bytes;
  }
  if (!member_->submit({number, 0}, leader, std::move(request))) return false;
  const auto submitted = open_.find(number);
  if (is_write && submitted != open_.end()) submitted->second.request.bytes = {};
  return true;
}

// Those that came later wait with it, or the first might wait for ever.
bool Server::waits_for_its_reader(std::uint64_t number, std::size_t result_bytes) {
  const auto open = open_.find(number);
  if (open == open_.end() || open->second.request.is_write) return false;
  const auto client = clients_.find(open->second.channel);
  if (client == clients_.end()) return false;
  std::set<std::uint64_t>& again = client->second.again;
  const bool is_behind = !again.empty() && *again.begin() < number;
  if (!is_behind && client->second.channel->has_room_for(result_bytes)) return false;
  again.insert(number);
  client->second.channel->hold();
  return true;
}

void Server::ask_again(Client& client, std::chrono::nanoseconds now) {
  if (client.again.empty()) return;
  Channel& channel = *client.channel;
  if (channel.is_unread(now - kReadPatience)) {
    return channel.end("the client did not read results for 10 s, and asks for more");
  }
  while (!client.again.empty() && channel.is_drained() &&
         channel.unanswered() - client.again.size() < kSureResults) {
    waiting_.push_back({*client.again.begin(), now + kPatience});
    client.again.erase(client.again.begin());
  }
  if (client.again.empty()) channel.go_on();
}

void Server::on_answer(member::Token token, replica::Outcome outcome) {
  const auto* done = std::get_if<replica::Done>(&outcome);
  if (done != nullptr && waits_for_its_reader(token.first, done->answer.size())) return;
  answer(token.first, status_of(outcome),
         done == nullptr ? std::string_view() : std::string_view(done->answer));
}

void Server::answer(std::uint64_t number, raft_status status, std::string_view bytes) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  const Open open = std::move(found->second);
  open_.erase(found);
  open_bytes_ -= open.bytes;
  set_used();
  const auto client = clients_.find(open.channel);
  if (client == clients_.end()) return;
  raft_record result = record(RAFT_RESULT);
  result.id = open.request.id;
  result.status = status;
  client->second.channel->send(result, bytes);
  client->second.channel->on_answered();
}

void Server::on_flush() {
  if (applied_ != nullptr) {
    if (const base::Status written = applied_->flush(); !written.ok()) {
      log_.event("applied-record", "error=" + os::quoted(written.error().message));
    }
  }
  for (auto& [name, client] : clients_) client.channel->flush();
}

void Server::on_standing(const member::Standing& standing) {
  std::optional<raft::Term> leads;
  if (standing.role == raft::Role::Leader) leads = standing.term;
  if (leads == leads_) return;
  for (auto& [name, client] : clients_) {
    if (leads_) client.channel->send(record(RAFT_LOST_LEADERSHIP), {});
    if (leads) client.channel->send(record(RAFT_BECAME_LEADER), {});
  }
  leads_ = leads;
}

void Server::on_applied(const raft::Entry& entry) {
  if (applied_ != nullptr) applied_->add(entry);
}

void Server::on_end(std::uint64_t channel, const std::string& complaint) {
  if (!complaint.empty()) refuse(complaint);
  ended_.push_back(channel);
}

void Server::bury() {
  for (const std::uint64_t channel : std::exchange(ended_, {})) {
    const std::set<std::uint64_t> again = std::move(clients_.at(channel).again);
    clients_.erase(channel);
    for (const std::uint64_t number : again) answer(number, RAFT_REFUSED, {});
    std::erase(for_room_, channel);
    if (channel == first_client_) client_closed_ = true;
  }
}

}  // namespace capi
