// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/audit.h"

#include <fmt/format.h>

#include <utility>

namespace check::monitor {
namespace {

using Gap = std::optional<std::string>;

constexpr std::uint64_t kFrameBytes = 14;     // Ethernet's header.
constexpr std::uint64_t kIpHeaderBytes = 20;  // Without options.

std::string text(DirectedPair pair) {
  return fmt::format("n{}>n{}", pair.from.value, pair.to.value);
}

struct Frames {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  void add(const sandbox::PacketCount& count) {
    packets += count.packets;
    bytes += count.bytes + kFrameBytes * count.packets;
  }
};

// 1. Every frame of a node's interface is one that the packet filter saw, and the other way round.
Gap gap_at_host(const Picture& picture, NodeId node, const sandbox::InterfaceCounters& counted) {
  Frames sent;
  Frames received;
  for (const auto& [pair, counters] : picture.pairs) {
    if (pair.from == node) sent.add(counters.arrived);
    if (pair.to == node) received.add(counters.delivered);
  }
  for (const auto& [pair, link] : picture.links) {
    if (pair.to != node) continue;
    received.packets += link.extra_fragments;
    received.bytes += link.extra_fragments * (kIpHeaderBytes + kFrameBytes);
  }
  if (sent.packets != counted.sent_packets || sent.bytes != counted.sent_bytes) {
    return fmt::format(
        "n{}'s interface sent {} packets of {} bytes, of which {} of {} came to the switch",
        node.value, counted.sent_packets, counted.sent_bytes, sent.packets, sent.bytes);
  }
  if (received.packets != counted.received_packets || received.bytes != counted.received_bytes) {
    return fmt::format(
        "n{}'s interface received {} packets of {} bytes, while the switch delivered {} of {}",
        node.value, counted.received_packets, counted.received_bytes, received.packets,
        received.bytes);
  }
  return std::nullopt;
}

// 2. None of them was routed past the monitor.
Gap gap_beside(const Picture& picture) {
  if (picture.stray_packets != 0) {
    return fmt::format("{} packets between nodes were not redirected", picture.stray_packets);
  }
  for (const auto& [pair, link] : picture.links) {
    const auto counters = picture.pairs.find(pair);
    if (counters == picture.pairs.end()) return text(pair) + " was not counted";
    const std::uint64_t bypassed = counters->second.bypassed.packets;
    if (picture.all_ports && bypassed != 0) {
      return fmt::format("{} packets of {} were routed past the monitor", bypassed, text(pair));
    }
  }
  return std::nullopt;
}

// 3. and 4. What came to the monitor's sockets was read, and what was read went on.
Gap gap_within(DirectedPair pair, const LinkPicture& link) {
  if (link.kernel_received != link.stream_read + link.kernel_unread) {
    return fmt::format("the kernel received {} stream bytes of {}, but {} were read and {} wait",
                       link.kernel_received, text(pair), link.stream_read, link.kernel_unread);
  }
  if (link.stream_read + link.stream_invented !=
      link.stream_written + link.stream_discarded + link.stream_waiting + link.stream_left_out) {
    return fmt::format(
        "of {} stream bytes of {}, and {} put in, {} were written, {} discarded, {} left out and "
        "{} wait",
        link.stream_read, text(pair), link.stream_invented, link.stream_written,
        link.stream_discarded, link.stream_left_out, link.stream_waiting);
  }
  if (link.datagrams != link.datagrams_redirected) {
    return fmt::format(
        "{} datagrams of {} were redirected to the monitor, but {} were read in time",
        link.datagrams_redirected, text(pair), link.datagrams);
  }
  return std::nullopt;
}

// 5. The packets that arrived have room for the bytes that were read.
Gap gap_of_size(DirectedPair pair, const LinkPicture& link, const sandbox::PairCounters& counters) {
  const std::uint64_t payload = link.stream_read + link.datagram_bytes;
  const std::uint64_t headers = kIpHeaderBytes * counters.arrived.packets;
  if (counters.arrived.bytes >= payload + headers) return std::nullopt;
  return fmt::format("{} bytes of {} were relayed, but only {} arrived in {} packets", payload,
                     text(pair), counters.arrived.bytes, counters.arrived.packets);
}

// Of a monitor that only looks on: it was shown every packet between nodes that came to the switch.
Gap gap_in_capture(const Picture& picture) {
  for (const auto& [pair, link] : picture.links) {
    const auto counters = picture.pairs.find(pair);
    if (counters == picture.pairs.end()) return text(pair) + " was not counted";
    const sandbox::PacketCount& arrived = counters->second.arrived;
    const auto found = picture.captured->find(pair);
    const sandbox::PacketCount seen =
        found == picture.captured->end() ? sandbox::PacketCount{} : found->second;
    if (seen == arrived) continue;
    return fmt::format(
        "of {}, {} packets of {} bytes came to the switch, and {} of {} were captured", text(pair),
        arrived.packets, arrived.bytes, seen.packets, seen.bytes);
  }
  return std::nullopt;
}

std::string describe_capture(const Picture& picture) {
  sandbox::PacketCount all;
  for (const auto& [pair, count] : *picture.captured) {
    all.packets += count.packets;
    all.bytes += count.bytes;
  }
  return fmt::format(
      "{} packets of {} bytes came to the switch over {} links, and all were captured; the packets "
      "at the nodes' interfaces are those that the switch counted",
      all.packets, all.bytes, picture.links.size());
}

}  // namespace

std::optional<std::string> find_gap(const Picture& picture) {
  for (const auto& [node, counted] : picture.hosts) {
    if (auto gap = gap_at_host(picture, node, counted)) return gap;
  }
  if (picture.captured) return gap_in_capture(picture);
  if (auto gap = gap_beside(picture)) return gap;
  for (const auto& [pair, link] : picture.links) {
    if (auto gap = gap_within(pair, link)) return gap;
    if (auto gap = gap_of_size(pair, link, picture.pairs.at(pair))) return gap;
  }
  return std::nullopt;
}

std::string describe(const Picture& picture) {
  if (picture.captured) return describe_capture(picture);
  std::uint64_t bytes = 0;
  std::uint64_t datagrams = 0;
  std::uint64_t packets = 0;
  std::uint64_t left_out = 0;
  std::uint64_t invented = 0;
  for (const auto& [pair, link] : picture.links) {
    bytes += link.stream_read;
    datagrams += link.datagrams;
    left_out += link.stream_left_out;
    invented += link.stream_invented;
  }
  for (const auto& [node, host] : picture.hosts) {
    packets += host.sent_packets + host.received_packets;
  }
  const std::string changed =
      left_out + invented == 0
          ? ""
          : fmt::format("; rules left {} bytes out and put {} in", left_out, invented);
  return fmt::format(
      "{} bytes in streams and {} datagrams came to the monitor over {} links, and all were read; "
      "no packet between nodes was routed past it; {} packets at the nodes' interfaces are those "
      "that the switch counted{}",
      bytes, datagrams, picture.links.size(), packets, changed);
}

}  // namespace check::monitor
