// SPDX-License-Identifier: Apache-2.0
// The packets that would have carried what the monitor relayed: IPv4 with TCP or UDP, without
// options, with checksums (RFC 791, 768, 9293; checksum RFC 1071).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "check/monitor/endpoint.h"

namespace check::monitor {

inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kReset = 0x04;
inline constexpr std::uint8_t kPush = 0x08;
inline constexpr std::uint8_t kAck = 0x10;

struct SegmentHead {
  Endpoint from;
  Endpoint to;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledged = 0;
  std::uint8_t flags = 0;
};

// The most a packet can hold beside its headers.
inline constexpr std::size_t kSegmentBytes = 65535 - 40;
inline constexpr std::size_t kDatagramBytes = 65535 - 28;

// Append one packet to `out`. Requires: the payload fits.
void append_segment(std::string& out, const SegmentHead& head, std::span<const char> payload);
void append_datagram(std::string& out, const Endpoint& from, const Endpoint& to,
                     std::span<const char> payload);

}  // namespace check::monitor
