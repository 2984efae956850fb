// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/raft_monitor.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>

#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "check/monitor/audit.h"
#include "check/monitor/event_log.h"
#include "check/monitor/link_table.h"
#include "check/monitor/loop.h"
#include "check/monitor/redirect.h"
#include "check/monitor/relay.h"
#include "check/monitor/traffic_log.h"
#include "check/monitor/udp_relay.h"

namespace check::monitor {
namespace {

// How often the audit looks again for a moment at which nothing is under way.
constexpr int kAuditAttempts = 100;

// While it lives, threads that are started take no signals: those are for the main thread.
class WithoutSignals {
 public:
  WithoutSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  WithoutSignals(const WithoutSignals&) = delete;
  WithoutSignals& operator=(const WithoutSignals&) = delete;
  ~WithoutSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

class Monitor final : public RaftMonitor {
 public:
  Monitor(sandbox::Sandbox& sandbox, std::vector<std::uint32_t> addresses, const Options& options)
      : sandbox_(sandbox),
        all_ports_(options.peer_ports.empty()),
        links_(std::move(addresses), options.seed) {}
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  ~Monitor() override;

  base::Status begin(const Options& options);
  base::Status begin_messages(const Options& options);

  std::map<DirectedPair, LinkCounters> counters() const override { return links_.counters(); }
  ConnectionEvents take_events() override { return events_.take(); }
  TrafficFile traffic_file() const override { return traffic_ ? traffic_->state() : TrafficFile{}; }
  void hold(DirectedPair link) override { set_held(link, true); }
  void release(DirectedPair link) override { set_held(link, false); }
  void set_faults(DirectedPair link, const LinkFaults& faults) override;
  void clear_faults() override;
  void reset(DirectedPair link) override;
  void settle(std::uint64_t ticket, Settled settled) override;
  void catch_up() override;
  Audit audit() override;

 private:
  void set_held(DirectedPair link, bool held);
  void add_own_counts(Picture& picture) const;
  base::Result<Picture> take_picture();

  sandbox::Sandbox& sandbox_;
  const bool all_ports_;
  LinkTable links_;
  EventLog events_;
  std::unique_ptr<TrafficLog> traffic_;
  std::optional<MessageContext> messages_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<UdpRelay> udp_;
  std::mutex redirect_mutex_;
  std::optional<Redirect> redirect_;
  std::thread thread_;
};

// What `options` say of messages; nothing if they are not to be understood.
base::Status Monitor::begin_messages(const Options& options) {
  if (!options.protocol || options.watcher == nullptr) return base::Done{};
  if (wire::make_decoder(*options.protocol) == nullptr) return base::Done{};
  if (options.act &&
      wire::make_encoder(*options.protocol, wire::Direction::FromDialer) == nullptr) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       "messages of " + std::string(wire::name(*options.protocol)) +
                           " can be looked at, but not changed"};
  }
  messages_.emplace(MessageContext{.protocol = *options.protocol,
                                   .watcher = *options.watcher,
                                   .act = options.act,
                                   .ports = options.message_ports});
  return base::Done{};
}

base::Status Monitor::begin(const Options& options) {
  const WithoutSignals quiet;
  TRY([[maybe_unused]] const base::Done done, begin_messages(options));
  if (!options.pcapng.empty()) {
    TRY(traffic_, TrafficLog::open(options.pcapng, options.pcapng_limit_bytes));
  }
  TRY(loop_, Loop::create());
  TRY(relay_,
      Relay::open({*loop_, links_, events_, traffic_.get(), messages_ ? &*messages_ : nullptr}));
  TRY(udp_, UdpRelay::open(*loop_, links_, traffic_.get(), messages_ ? &*messages_ : nullptr));
  TRY(redirect_, Redirect::install(links_, {relay_->port(), udp_->port()}, options.peer_ports));
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "monitor");
    loop_->run();
  });
  return base::Done{};
}

Monitor::~Monitor() {
  if (thread_.joinable()) {
    loop_->stop();
    thread_.join();
  }
  relay_.reset();
  udp_.reset();
  // If this fails, the network that has the rules is gone, too.
  if (redirect_) static_cast<void>(redirect_->remove());
}

void Monitor::set_held(DirectedPair pair, bool held) {
  loop_->post([this, pair, held] {
    Link* link = links_.find(pair);
    if (link == nullptr) return;
    link->held = held;
    relay_->wake(pair);
    if (!held) udp_->release(pair);
  });
}

void Monitor::set_faults(DirectedPair pair, const LinkFaults& faults) {
  loop_->post([this, pair, faults] {
    if (Link* link = links_.find(pair)) link->faults = faults;
  });
}

void Monitor::clear_faults() {
  loop_->post([this] {
    for (const auto& link : links_.all()) {
      if (link) link->faults = LinkFaults{};
    }
  });
}

void Monitor::reset(DirectedPair pair) {
  loop_->post([this, pair] { relay_->reset(pair); });
}

void Monitor::settle(std::uint64_t ticket, Settled settled) {
  loop_->post([this, ticket, settled] {
    relay_->settle(ticket, settled);
    udp_->settle(ticket, settled);
  });
}

void Monitor::catch_up() {
  std::promise<void> done;
  loop_->post([&done] { done.set_value(); });
  done.get_future().wait();
}

// Runs in the loop's thread.
void Monitor::add_own_counts(Picture& picture) const {
  const auto open = relay_->open_counts();
  for (const auto& link : links_.all()) {
    if (!link) continue;
    const auto found = open.find(link->pair);
    const StreamCount standing = found == open.end() ? StreamCount{} : found->second;
    const StreamCounters& stream = link->stream;
    picture.links[link->pair] = {
        .stream_read = stream.read.value(),
        .stream_written = stream.written.value(),
        .stream_discarded = stream.discarded.value(),
        .stream_waiting = standing.waiting,
        .stream_left_out = stream.left_out.value(),
        .stream_invented = stream.invented.value(),
        .kernel_received = stream.kernel_received.value() + standing.kernel_received,
        .kernel_unread = stream.kernel_unread.value() + standing.kernel_unread,
        .datagrams = link->datagram.received.value(),
        .datagram_bytes = link->datagram.received_bytes.value(),
        .extra_fragments = link->datagram.extra_fragments.value()};
  }
}

base::Result<Picture> Monitor::take_picture() {
  Picture picture;
  picture.all_ports = all_ports_;
  TRY(picture.pairs, sandbox_.pair_counters());
  for (std::uint32_t node = 1; node <= links_.nodes(); ++node) {
    TRY(picture.hosts[NodeId{node}], sandbox_.counters(NodeId{node}));
  }
  std::promise<void> done;
  loop_->post([&] {
    add_own_counts(picture);
    done.set_value();
  });
  done.get_future().wait();
  const std::lock_guard lock(redirect_mutex_);
  TRY(picture.stray_packets, redirect_->stray_packets());
  TRY(const auto datagrams, redirect_->datagrams());
  for (const auto& [pair, count] : datagrams) {
    const auto from = links_.find_node(pair.from);
    const auto to = links_.find_node(pair.to);
    if (from && to) picture.links[{*from, *to}].datagrams_redirected = count.packets;
  }
  return picture;
}

Audit Monitor::audit() {
  Audit audit;
  for (int attempt = 0; attempt < kAuditAttempts; ++attempt) {
    auto picture = take_picture();
    if (!picture.ok()) return {false, "the counts cannot be read: " + picture.error().message};
    audit.picture = std::move(picture).value();
    const auto found = find_gap(*audit.picture);
    audit.complete = !found;
    audit.sentence = found ? *found : describe(*audit.picture);
    if (audit.complete) break;  // Else of things under way, if another picture does not show it.
  }
  return audit;
}

base::Result<std::vector<std::uint32_t>> addresses_of(const sandbox::Sandbox& sandbox) {
  std::vector<std::uint32_t> addresses;
  for (std::uint32_t node = 1; node <= sandbox.nodes(); ++node) {
    const std::string text = sandbox.address(NodeId{node});
    in_addr address{};
    if (inet_pton(AF_INET, text.c_str(), &address) != 1) {
      return base::Error{base::ErrorCode::InvalidArgument, text + " is no IPv4 address"};
    }
    addresses.push_back(ntohl(address.s_addr));
  }
  return addresses;
}

}  // namespace

base::Result<std::unique_ptr<RaftMonitor>> RaftMonitor::start(sandbox::Sandbox& sandbox,
                                                              const Options& options) {
  TRY(auto addresses, addresses_of(sandbox));
  auto monitor = std::make_unique<Monitor>(sandbox, std::move(addresses), options);
  TRY([[maybe_unused]] const auto done, monitor->begin(options));
  return std::unique_ptr<RaftMonitor>(std::move(monitor));
}

}  // namespace check::monitor
