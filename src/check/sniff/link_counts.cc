// SPDX-License-Identifier: Apache-2.0
#include "check/sniff/link_counts.h"

#include <utility>

#include "check/sandbox/addresses.h"

namespace check::sniff {
namespace {

using monitor::ConnectionChange;

constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kAddressesAt = kEthernetBytes + 12;  // Of source and destination, in IPv4.

std::uint32_t address_at(std::string_view bytes, std::size_t at) {
  std::uint32_t address = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    address = address << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return address;
}

ConnectionChange change_of(capture::Closing how) {
  switch (how) {
    case capture::Closing::Refused:
      return ConnectionChange::Refused;
    case capture::Closing::Ended:
      return ConnectionChange::Closed;
    case capture::Closing::Reset:
      return ConnectionChange::Reset;
    case capture::Closing::Replaced:
    case capture::Closing::Evicted:
    case capture::Closing::CaptureEnded:
      break;
  }
  return ConnectionChange::Vanished;
}

}  // namespace

NodeId LinkCounts::node_at(const capture::Address& address) const {
  const NodeId node = sandbox::host_at(static_cast<std::uint32_t>(address.low));
  const bool known = address == capture::ipv4(sandbox::address_of(node));
  return known && node.value <= nodes_ ? node : NodeId{};
}

std::optional<DirectedPair> LinkCounts::pair(const capture::Endpoint& from,
                                             const capture::Endpoint& to) const {
  const DirectedPair pair = {node_at(from.address), node_at(to.address)};
  if (pair.from.value == 0 || pair.to.value == 0 || pair.from == pair.to) return std::nullopt;
  return pair;
}

bool LinkCounts::packet(const capture::Packet& packet) {
  if (packet.bytes.size() < kAddressesAt + 8) return false;
  const capture::Endpoint from{capture::ipv4(address_at(packet.bytes, kAddressesAt)), 0};
  const capture::Endpoint to{capture::ipv4(address_at(packet.bytes, kAddressesAt + 4)), 0};
  const auto link = pair(from, to);
  if (!link) return false;
  sandbox::PacketCount& count = packets_[*link];
  count.packets += 1;
  count.bytes += packet.whole - kEthernetBytes;
  return true;
}

monitor::LinkCounters* LinkCounts::link(capture::ConnectionId id, capture::Side from) {
  const auto found = open_.find(id);
  if (found == open_.end()) return nullptr;
  const capture::Opening& opening = found->second;
  const bool dials = from == capture::Side::Dialer;
  const auto link =
      pair(dials ? opening.dialer : opening.acceptor, dials ? opening.acceptor : opening.dialer);
  return link ? &links_[*link] : nullptr;
}

void LinkCounts::note(const capture::Opening& opening, ConnectionChange change,
                      std::uint64_t time_ns) {
  const auto link = pair(opening.dialer, opening.acceptor);
  if (!link) return;
  if (events_.events.size() == kMostEvents) {
    events_.lost += 1;
    return;
  }
  events_.events.push_back(
      {time_ns - origin_ns_, change, *link, opening.dialer.port, opening.acceptor.port});
}

monitor::ConnectionEvents LinkCounts::take_events() { return std::exchange(events_, {}); }

void LinkCounts::opened(const capture::Opening& opening) {
  open_[opening.id] = opening;
  if (const auto link = pair(opening.dialer, opening.acceptor)) links_[*link].connections += 1;
  note(opening, ConnectionChange::Opened, opening.time_ns);
  if (next_ != nullptr) next_->opened(opening);
}

void LinkCounts::bytes(capture::ConnectionId id, capture::Side from, std::uint64_t time_ns,
                       std::string_view bytes) {
  if (monitor::LinkCounters* counters = link(id, from)) {
    counters->bytes += bytes.size();
    counters->chunks += 1;
  }
  if (next_ != nullptr) next_->bytes(id, from, time_ns, bytes);
}

void LinkCounts::gap(capture::ConnectionId id, capture::Side from, std::uint64_t time_ns,
                     std::uint64_t bytes) {
  if (next_ != nullptr) next_->gap(id, from, time_ns, bytes);
}

void LinkCounts::closed(capture::ConnectionId id, capture::Closing how, std::uint64_t time_ns) {
  if (const auto found = open_.find(id); found != open_.end()) {
    note(found->second, change_of(how), time_ns);
    open_.erase(found);
  }
  if (next_ != nullptr) next_->closed(id, how, time_ns);
}

}  // namespace check::sniff
