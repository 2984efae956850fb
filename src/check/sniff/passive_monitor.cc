// SPDX-License-Identifier: Apache-2.0
#include "check/sniff/passive_monitor.h"

#include <time.h>

#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

#include "check/capture/reassembler.h"
#include "check/monitor/audit.h"
#include "check/observe/observer.h"
#include "check/sandbox/addresses.h"
#include "check/sniff/link_counts.h"
#include "check/sniff/packet_file.h"
#include "check/sniff/packet_ring.h"

namespace check::sniff {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kNap(20);
// How long an audit waits for packets that the ring has not handed over yet.
constexpr milliseconds kAuditPatience(3000);

std::uint64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

class PassiveMonitor final : public monitor::RaftMonitor, private observe::Witness {
 public:
  PassiveMonitor(sandbox::Sandbox& sandbox, const monitor::Options& options,
                 std::unique_ptr<PacketRing> ring, std::unique_ptr<PacketFile> file)
      : sandbox_(sandbox),
        watcher_(options.protocol ? options.watcher : nullptr),
        ring_(std::move(ring)),
        file_(std::move(file)),
        origin_ns_(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC)),
        observer_(observer_options(options), roster_, *this),
        counts_(sandbox.nodes(), origin_ns_, watcher_ == nullptr ? nullptr : &observer_),
        reassembler_(counts_, {.listening_ports = {options.message_ports.begin(),
                                                   options.message_ports.end()}}) {
    for (std::uint32_t node = 1; node <= sandbox.nodes(); ++node) {
      roster_.fix(capture::ipv4(sandbox::address_of(NodeId{node})));
    }
    roster_.number();
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  PassiveMonitor(const PassiveMonitor&) = delete;
  PassiveMonitor& operator=(const PassiveMonitor&) = delete;
  ~PassiveMonitor() override {
    thread_.request_stop();
    thread_.join();
  }

  std::map<DirectedPair, monitor::LinkCounters> counters() const override {
    const std::lock_guard lock(mutex_);
    return counts_.links();
  }
  monitor::ConnectionEvents take_events() override {
    const std::lock_guard lock(mutex_);
    return counts_.take_events();
  }
  monitor::TrafficFile traffic_file() const override {
    const std::lock_guard lock(mutex_);
    return file_ ? file_->state() : monitor::TrafficFile{};
  }
  monitor::Audit audit() override;

  // Nothing passes through here that could be held.
  void hold(DirectedPair) override {}
  void release(DirectedPair) override {}
  void set_faults(DirectedPair, const monitor::LinkFaults&) override {}
  void clear_faults() override {}
  void reset(DirectedPair) override {}
  void settle(std::uint64_t, monitor::Settled) override {}
  void catch_up() override {}

 private:
  observe::Observer::Options observer_options(const monitor::Options& options) const {
    return {.protocol = options.protocol.value_or(wire::Protocol::Raftkv),
            .origin_ns = origin_ns_,
            .ports = {options.message_ports.begin(), options.message_ports.end()},
            .tells_opening = true};
  }

  // The thread's, with the mutex held.
  void take(const capture::Packet& packet);
  void seen(const wire::Observation& observation) override;
  void lost(const observe::Conversation& conversation, capture::Side from,
            std::uint64_t bytes) override;
  void opaque(const observe::Conversation& conversation, capture::Side from) override;
  void restarted(NodeId, std::uint64_t) override {}
  void ended(const observe::Conversation&) override {}
  void tell(const observe::Conversation& conversation, capture::Side from, const std::string& why);

  void run(const std::stop_token& stop);
  base::Result<monitor::Picture> picture();

  sandbox::Sandbox& sandbox_;
  monitor::MessageWatcher* const watcher_;  // Null: nobody is told of messages.
  std::unique_ptr<PacketRing> ring_;
  std::unique_ptr<PacketFile> file_;  // Null: none is written.
  const std::uint64_t origin_ns_;     // CLOCK_MONOTONIC's zero on CLOCK_REALTIME, the packets'.
  mutable std::mutex mutex_;
  observe::Roster roster_;
  observe::Observer observer_;
  LinkCounts counts_;
  capture::Reassembler reassembler_;
  std::jthread thread_;
};

void PassiveMonitor::run(const std::stop_token& stop) {
  const std::function<void(const capture::Packet&)> use = [this](const capture::Packet& packet) {
    const std::lock_guard lock(mutex_);
    take(packet);
  };
  while (!stop.stop_requested()) {
    if (ring_->take(kNap, use) || !file_) continue;
    const std::lock_guard lock(mutex_);
    file_->flush();
  }
  const std::lock_guard lock(mutex_);
  reassembler_.finish();
  if (file_) file_->finish(clock_ns(CLOCK_REALTIME), ring_->lost());
}

void PassiveMonitor::take(const capture::Packet& packet) {
  if (!counts_.packet(packet)) return;
  if (file_) file_->add(packet);
  const auto found = capture::find_segment(packet);
  if (const auto* segment = std::get_if<capture::Segment>(&found)) {
    reassembler_.add(*segment);
  } else if (const auto datagram = capture::find_datagram(packet)) {
    reassembler_.add(*datagram);
  }
}

void PassiveMonitor::seen(const wire::Observation& observation) {
  counts_.message({observation.from, observation.to});
  static const wire::Frame kNoFrame;  // Its bytes are gone; nobody can act on it.
  (void)watcher_->seen(observation, kNoFrame);
}

void PassiveMonitor::tell(const observe::Conversation& conversation, capture::Side from,
                          const std::string& why) {
  if (watcher_ == nullptr || !conversation.matters()) return;
  const bool dials = from == capture::Side::Dialer;
  const DirectedPair pair = {dials ? conversation.dialer : conversation.acceptor,
                             dials ? conversation.acceptor : conversation.dialer};
  watcher_->opaque(pair, conversation.opening.id, why);
}

void PassiveMonitor::lost(const observe::Conversation& conversation, capture::Side from,
                          std::uint64_t bytes) {
  tell(conversation, from, std::to_string(bytes) + " bytes were lost by the capture");
}

void PassiveMonitor::opaque(const observe::Conversation& conversation, capture::Side from) {
  tell(conversation, from, conversation.directions[static_cast<std::size_t>(from)].opaque.value());
}

base::Result<monitor::Picture> PassiveMonitor::picture() {
  monitor::Picture picture;
  TRY(picture.pairs, sandbox_.pair_counters());
  for (std::uint32_t node = 1; node <= sandbox_.nodes(); ++node) {
    TRY(picture.hosts[NodeId{node}], sandbox_.counters(NodeId{node}));
    for (std::uint32_t to = 1; to <= sandbox_.nodes(); ++to) {
      if (to != node) picture.links[{NodeId{node}, NodeId{to}}] = {};
    }
  }
  const std::lock_guard lock(mutex_);
  picture.captured = counts_.packets();
  return picture;
}

monitor::Audit PassiveMonitor::audit() {
  const auto end = std::chrono::steady_clock::now() + kAuditPatience;
  for (;;) {
    const auto picture = this->picture();
    if (!picture.ok()) return {false, picture.error().message, std::nullopt};
    const auto gap = monitor::find_gap(picture.value());
    if (!gap) return {true, monitor::describe(picture.value()), picture.value()};
    if (std::chrono::steady_clock::now() > end) return {false, *gap, picture.value()};
    std::this_thread::sleep_for(kNap);
  }
}

}  // namespace

base::Result<std::unique_ptr<monitor::RaftMonitor>> start_passive_monitor(
    sandbox::Sandbox& sandbox, const monitor::Options& options) {
  TRY(auto ring, PacketRing::open());
  std::unique_ptr<PacketFile> file;
  if (!options.pcapng.empty()) {
    TRY(file, PacketFile::open(options.pcapng, options.pcapng_limit_bytes));
  }
  return std::unique_ptr<monitor::RaftMonitor>(
      new PassiveMonitor(sandbox, options, std::move(ring), std::move(file)));
}

}  // namespace check::sniff
