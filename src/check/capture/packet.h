// SPDX-License-Identifier: Apache-2.0
// From a captured packet to the piece of a TCP stream in it, or to its datagram.
//
//   | link header, VLAN tags | IPv4 or IPv6, extensions | TCP, options; UDP | payload
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "check/capture/endpoint.h"

namespace check::capture {

// What a packet begins with (tcpdump.org/linktypes.html).
enum class Link : std::uint8_t { Ethernet, RawIp, Null, Loop, LinuxCooked, LinuxCooked2 };

std::optional<Link> link_of(std::uint32_t linktype);

struct Packet {
  std::uint64_t time_ns = 0;  // Since 1970.
  Link link = Link::Ethernet;
  std::string_view bytes;       // What was captured of it.
  std::uint32_t whole = 0;      // Its size on the link.
  std::uint32_t interface = 0;  // Where it was captured: a number of the capture's own.
};

struct Segment {
  static constexpr std::uint8_t kFin = 0x01;
  static constexpr std::uint8_t kSyn = 0x02;
  static constexpr std::uint8_t kReset = 0x04;
  static constexpr std::uint8_t kAck = 0x10;

  std::uint64_t time_ns = 0;
  std::uint32_t interface = 0;
  Endpoint from;
  Endpoint to;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledged = 0;
  std::uint8_t flags = 0;
  std::string_view payload;  // What was captured of it.
  std::uint32_t whole = 0;   // Its size as it was sent: a capture may cut packets short.

  bool is(std::uint8_t flag) const { return (flags & flag) != 0; }
};

// Why a packet holds no segment. A fragment of an IP packet is not put together with the others;
// what it held is missing in its stream.
enum class NoSegment : std::uint8_t { OtherProtocol, Fragment, Damaged };

// The segment's payload points into the packet's bytes.
std::variant<Segment, NoSegment> find_segment(const Packet& packet);

// Of UDP.
struct Datagram {
  std::uint64_t time_ns = 0;
  std::uint32_t interface = 0;
  Endpoint from;
  Endpoint to;
  std::string_view payload;  // What was captured of it.
  std::size_t whole = 0;     // Its size as it was sent.
};

// Nothing: another protocol, a fragment, or damaged.
std::optional<Datagram> find_datagram(const Packet& packet);

}  // namespace check::capture
