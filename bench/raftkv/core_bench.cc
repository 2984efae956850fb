// SPDX-License-Identifier: Apache-2.0
// The core alone: three nodes in one thread whose disks are done at once, and whose messages arrive
// at once. Prints entries a second with batches of 1 and of 100, allocations per entry, and the
// memory of a node that has nothing to do, as one line of JSON.
#include <fmt/core.h>
#include <malloc.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ring.h"
#include "raft/node.h"

namespace raft {
// The bench plays the journal, as tests do.
class TestReceipt {
 public:
  static Receipt of(StepNumber step) { return Receipt(step); }
};
}  // namespace raft

namespace {

std::uint64_t allocations = 0;  // NOLINT: operator new has no other place to count.

constexpr std::uint32_t kNodes = 3;
constexpr std::size_t kEntryBytes = 256;
constexpr std::uint64_t kCompactAfter = 20'000;

class Cluster {
 public:
  Cluster() {
    for (std::uint32_t id = 1; id <= kNodes; ++id) nodes_.push_back(make_node(id));
    effects_.resize(kNodes);
    while (nodes_[0].role() != raft::Role::Leader) give(0, raft::Tick{});
    commit_ = nodes_[0].commit();
  }

  static raft::Node make_node(std::uint32_t self) {
    raft::Config config;
    config.self = {self};
    for (std::uint32_t id = 1; id <= kNodes; ++id) config.initial.voters.push_back({{id}, {}});
    return {std::move(config), raft::Recovered{}};
  }

  void propose(std::vector<raft::Payload> commands) { give(0, raft::Propose{std::move(commands)}); }

  // All that is applied, everywhere, is in a snapshot now: logs stay short.
  void compact() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const raft::LogIndex applied = nodes_[i].commit();
      const raft::SnapshotMeta meta{*nodes_[i].log().find_id(applied),
                                    nodes_[i].configuration_at(applied)};
      give(i, raft::SnapshotTaken{meta, 1, kKeptEntries});
    }
  }

  // Entries that the leader committed since the start.
  std::uint64_t committed() const { return nodes_[0].commit().value() - commit_.value(); }

 private:
  static constexpr std::uint64_t kKeptEntries = 1000;

  struct Flight {
    raft::NodeId from;
    raft::Envelope envelope;
  };

  void give(std::size_t node, raft::Input input) {
    step(node, std::move(input));
    while (!wire_.empty()) {
      Flight flight = std::move(wire_[0]);
      wire_.pop_front();
      step(flight.envelope.to.value - 1,
           raft::Receive{flight.from, std::move(flight.envelope.message)});
    }
  }

  void step(std::size_t node, std::optional<raft::Input> input) {
    const raft::NodeId from{static_cast<std::uint32_t>(node) + 1};
    raft::Effects& effects = effects_[node];
    while (input) {
      nodes_[node].step(*input, effects);
      input.reset();
      for (raft::Envelope& envelope : effects.send_now) send(from, std::move(envelope));
      if (!effects.must_sync()) continue;
      const raft::Receipt receipt = raft::TestReceipt::of(effects.step);
      for (auto& held : effects.send_durable) send(from, std::move(held).open(receipt));
      input = raft::Persisted{receipt};
    }
  }

  void send(raft::NodeId from, raft::Envelope envelope) {
    wire_.push() = Flight{from, std::move(envelope)};
  }

  std::vector<raft::Node> nodes_;
  std::vector<raft::Effects> effects_;  // Of each node, used again.
  base::Ring<Flight> wire_;
  raft::LogIndex commit_;
};

struct Speed {
  double entries_per_second = 0;
  double allocations_per_entry = 0;
};

// Allocations of what the caller hands in are not counted: the batch, and the payload, which is one
// for all entries here; a real proposer makes one each, and a decoder of messages, too.
Speed measure(std::uint64_t entries, std::uint64_t batch) {
  Cluster cluster;
  const auto payload = std::make_shared<const std::string>(kEntryBytes, 'x');
  const std::uint64_t begun = allocations;
  std::uint64_t own = 0;
  std::uint64_t compacted = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < entries; i += batch) {
    std::vector<raft::Payload> commands(batch, payload);
    ++own;
    cluster.propose(std::move(commands));
    if (cluster.committed() - compacted < kCompactAfter) continue;
    cluster.compact();
    compacted = cluster.committed();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (cluster.committed() != entries) {
    fmt::print(stderr, "core_bench: {} of {} entries committed\n", cluster.committed(), entries);
    std::exit(1);
  }
  const auto count = static_cast<double>(entries);
  return {count / took.count(), static_cast<double>(allocations - begun - own) / count};
}

double idle_kib() {
  constexpr std::size_t kGroups = 1000;
  std::vector<raft::Node> nodes;
  nodes.reserve(kGroups);
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < kGroups; ++i) nodes.push_back(Cluster::make_node(1));
  const std::size_t heap = mallinfo2().uordblks - before;
  return (static_cast<double>(heap) / kGroups + sizeof(raft::Node)) / 1024;
}

}  // namespace

// Counted, else as usual.
void* operator new(std::size_t size) {
  ++allocations;
  void* found = std::malloc(size);  // NOLINT: this is what new is made of.
  if (found == nullptr) std::abort();
  return found;
}
void operator delete(void* memory) noexcept { std::free(memory); }                        // NOLINT
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }  // NOLINT

int main() {  // NOLINT(bugprone-exception-escape): memory has run out.
  const double idle = idle_kib();
  const Speed single = measure(300'000, 1);
  const Speed many = measure(2'000'000, 100);
  fmt::print(R"({{"entries_per_s_at_1":{:.0f},"entries_per_s_at_100":{:.0f},)"
             R"("allocations_per_entry_at_1":{:.2f},"allocations_per_entry_at_100":{:.2f},)"
             R"("idle_group_kib":{:.2f}}})"
             "\n",
             single.entries_per_second, many.entries_per_second, single.allocations_per_entry,
             many.allocations_per_entry, idle);
}
