// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/packet.h"

#include <cstring>

#include "base/check.h"

namespace check::monitor {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::size_t kIpBytes = 20;

void put16(std::string& out, std::uint32_t value) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value));
}

void put32(std::string& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}

// The ones' complement sum of big-endian 16-bit words; the last may be half.
std::uint64_t sum_of(std::span<const char> bytes) {
  std::uint64_t sum = 0;
  std::size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) {
    std::uint16_t word = 0;
    std::memcpy(&word, &bytes[i], 2);
    sum += ntohs(word);
  }
  if (i < bytes.size()) sum += std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << 8;
  return sum;
}

std::uint16_t checksum_of(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void store16(std::string& out, std::size_t at, std::uint16_t value) {
  out[at] = static_cast<char>(value >> 8);
  out[at + 1] = static_cast<char>(value);
}

// Returns where the header begins.
std::size_t append_ip(std::string& out, const Endpoint& from, const Endpoint& to,
                      std::uint8_t protocol, std::size_t size) {
  CHECK(kIpBytes + size <= 65535, size);
  const std::size_t begin = out.size();
  put16(out, 0x4500);  // Version 4, five words, no special service.
  put16(out, static_cast<std::uint32_t>(kIpBytes + size));
  put16(out, 0);
  put16(out, 0x4000);  // Don't fragment.
  put16(out, 0x4000U | protocol);
  put16(out, 0);
  put32(out, from.address);
  put32(out, to.address);
  store16(out, begin + 10, checksum_of(sum_of(std::span(out).subspan(begin, kIpBytes))));
  return begin;
}

// Fills in the checksum of the TCP or UDP packet whose IP header begins at `begin`.
void seal(std::string& out, std::size_t begin, std::size_t checksum_at) {
  const auto packet = std::span<const char>(out).subspan(begin);
  const std::size_t size = packet.size() - kIpBytes;
  // The pseudo header: both addresses, the protocol, the length.
  std::uint64_t sum = sum_of(packet.subspan(12, 8)) + size;
  sum += static_cast<std::uint8_t>(packet[9]);
  sum += sum_of(packet.subspan(kIpBytes));
  const std::uint16_t checksum = checksum_of(sum);
  // UDP: zero means "none was computed" (RFC 768).
  store16(out, begin + checksum_at, checksum == 0 ? 0xffff : checksum);
}

}  // namespace

void append_segment(std::string& out, const SegmentHead& head, std::span<const char> payload) {
  constexpr std::size_t kHeader = 20;
  const std::size_t begin = append_ip(out, head.from, head.to, kTcp, kHeader + payload.size());
  put16(out, head.from.port);
  put16(out, head.to.port);
  put32(out, head.sequence);
  put32(out, (head.flags & kAck) != 0 ? head.acknowledged : 0);
  put16(out, 0x5000U | head.flags);  // Five words.
  put16(out, 0xffff);                // Window.
  put32(out, 0);                     // Checksum, no urgent data.
  out.append(payload.data(), payload.size());
  seal(out, begin, kIpBytes + 16);
}

void append_datagram(std::string& out, const Endpoint& from, const Endpoint& to,
                     std::span<const char> payload) {
  constexpr std::size_t kHeader = 8;
  const std::size_t begin = append_ip(out, from, to, kUdp, kHeader + payload.size());
  put16(out, from.port);
  put16(out, to.port);
  put16(out, static_cast<std::uint32_t>(kHeader + payload.size()));
  put16(out, 0);
  out.append(payload.data(), payload.size());
  seal(out, begin, kIpBytes + 6);
}

}  // namespace check::monitor
