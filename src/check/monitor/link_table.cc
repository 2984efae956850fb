// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/link_table.h"

#include <utility>

namespace check::monitor {

std::uint64_t Link::draw_delay_ns() {
  if (faults.delay.count() <= 0 && faults.jitter.count() <= 0) return 0;
  const auto nanoseconds = [](std::chrono::microseconds time) {
    return time.count() <= 0 ? 0 : static_cast<std::uint64_t>(time.count()) * 1000;
  };
  return nanoseconds(faults.delay) + prng.between(0, nanoseconds(faults.jitter));
}

LinkTable::LinkTable(std::vector<std::uint32_t> addresses, std::uint64_t seed)
    : addresses_(std::move(addresses)) {
  base::Prng seeds(seed);
  for (std::uint32_t from = 0; from < nodes(); ++from) {
    index_of_.emplace(addresses_[from], from);
    for (std::uint32_t to = 0; to < nodes(); ++to) {
      const base::Prng prng = seeds.fork();
      links_.push_back(from == to ? nullptr
                                  : std::make_unique<Link>(
                                        DirectedPair{NodeId{from + 1}, NodeId{to + 1}}, prng));
    }
  }
}

std::optional<NodeId> LinkTable::find_node(std::uint32_t address) const {
  const auto found = index_of_.find(address);
  if (found == index_of_.end()) return std::nullopt;
  return NodeId{found->second + 1};
}

Link* LinkTable::find(std::uint32_t from, std::uint32_t to) {
  const auto first = find_node(from);
  const auto second = find_node(to);
  if (!first || !second) return nullptr;
  return find({*first, *second});
}

Link* LinkTable::find(DirectedPair pair) {
  const std::uint32_t from = pair.from.value;
  const std::uint32_t to = pair.to.value;
  if (from < 1 || from > nodes() || to < 1 || to > nodes()) return nullptr;
  return links_[std::size_t{from - 1} * nodes() + (to - 1)].get();
}

std::map<DirectedPair, LinkCounters> LinkTable::counters() const {
  std::map<DirectedPair, LinkCounters> all;
  for (const auto& link : links_) {
    if (!link) continue;
    all[link->pair] = {
        .bytes = link->bytes.value(),
        .chunks = link->chunks.value(),
        .messages = link->messages.value(),
        .connections = link->connections.value(),
        .dropped = link->dropped.value(),
        .datagrams = link->datagram.received.value(),
        .left_out = link->stream.left_out.value() + link->datagram_edits.left_out.value(),
        .invented = link->stream.invented.value() + link->datagram_edits.invented.value()};
  }
  return all;
}

}  // namespace check::monitor
