// SPDX-License-Identifier: Apache-2.0
#include "check/capture/packet.h"

#include <algorithm>

namespace check::capture {
namespace {

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kIpv6 = 0x86dd;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::size_t kMostTags = 4;
constexpr std::size_t kMostExtensions = 8;

// The bytes of a packet in network order; past its end are zeros, and `good()` says so.
class View {
 public:
  explicit View(std::string_view bytes) : bytes_(bytes) {}

  std::uint8_t u8(std::size_t at) {
    if (at >= bytes_.size()) {
      good_ = false;
      return 0;
    }
    return static_cast<std::uint8_t>(bytes_[at]);
  }
  std::uint16_t u16(std::size_t at) { return static_cast<std::uint16_t>(u8(at) << 8 | u8(at + 1)); }
  std::uint32_t u32(std::size_t at) {
    return static_cast<std::uint32_t>(u16(at)) << 16 | u16(at + 2);
  }
  std::uint64_t u64(std::size_t at) {
    return static_cast<std::uint64_t>(u32(at)) << 32 | u32(at + 4);
  }
  void skip(std::size_t size) { bytes_.remove_prefix(std::min(size, bytes_.size())); }
  std::string_view bytes() const { return bytes_; }
  bool good() const { return good_; }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

// Skips the link header; what follows it, as Ethernet numbers it. Zero: not IP.
std::uint16_t skip_link(Link link, View& view) {
  std::uint16_t type = 0;
  switch (link) {
    case Link::Ethernet: {
      std::size_t at = 12;
      type = view.u16(at);
      // 802.1Q, 802.1ad and what came before them: four bytes more, the last two are the type.
      for (std::size_t tags = 0; tags < kMostTags; ++tags) {
        if (type != 0x8100 && type != 0x88a8 && type != 0x9100) break;
        at += 4;
        type = view.u16(at);
      }
      view.skip(at + 2);
      return type;
    }
    case Link::LinuxCooked:
      type = view.u16(14);
      view.skip(16);
      return type;
    case Link::LinuxCooked2:
      type = view.u16(0);
      view.skip(20);
      return type;
    case Link::Null:
    case Link::Loop:
      // The address family, whose number for IPv6 differs from system to system: IP tells itself.
      view.skip(4);
      break;
    case Link::RawIp:
      break;
  }
  const int version = view.u8(0) >> 4;
  return version == 4 ? kIpv4 : version == 6 ? kIpv6 : 0;
}

struct IpHeader {
  Address from;
  Address to;
  std::size_t size = 0;   // With what stands before the payload.
  std::size_t whole = 0;  // Header and payload; 0: not said, as where the card cuts packets up.
  std::uint8_t protocol = 0;
  bool fragment = false;
};

IpHeader read_ipv4(View& view) {
  IpHeader header;
  header.size = std::size_t{view.u8(0) & 15U} * 4;
  header.whole = view.u16(2);
  header.fragment = (view.u16(6) & 0x3fff) != 0;  // More fragments, or an offset.
  header.protocol = view.u8(9);
  header.from = ipv4(view.u32(12));
  header.to = ipv4(view.u32(16));
  return header;
}

// RFC 8200 §4: each extension says what follows it.
IpHeader read_ipv6(View& view) {
  constexpr std::size_t kFixed = 40;
  IpHeader header;
  const std::size_t payload = view.u16(4);
  header.whole = payload == 0 ? 0 : kFixed + payload;
  header.protocol = view.u8(6);
  header.from = {view.u64(8), view.u64(16)};
  header.to = {view.u64(24), view.u64(32)};
  header.size = kFixed;
  for (std::size_t i = 0; i < kMostExtensions; ++i) {
    const bool options = header.protocol == 0 || header.protocol == 43 || header.protocol == 60;
    if (header.protocol == 44) {
      header.fragment = header.fragment || (view.u16(header.size + 2) & 0xfff9) != 0;
    } else if (!options) {
      break;
    }
    const std::size_t words = header.protocol == 44 ? 0 : view.u8(header.size + 1);
    header.protocol = view.u8(header.size);
    header.size += 8 * (words + 1);
  }
  return header;
}

// An IP packet: its header, and its bytes from the header on.
struct IpPacket {
  IpHeader header;
  std::string_view bytes;
};

std::variant<IpPacket, NoSegment> find_ip(const Packet& packet) {
  View view(packet.bytes);
  const std::uint16_t type = skip_link(packet.link, view);
  if (!view.good()) return NoSegment::Damaged;
  if (type != kIpv4 && type != kIpv6) return NoSegment::OtherProtocol;
  const std::size_t link_size = packet.bytes.size() - view.bytes().size();
  IpHeader ip = type == kIpv4 ? read_ipv4(view) : read_ipv6(view);
  if (!view.good()) return NoSegment::Damaged;
  if (ip.whole == 0) ip.whole = std::max<std::size_t>(packet.whole, link_size) - link_size;
  return IpPacket{ip, view.bytes()};
}

}  // namespace

std::optional<Link> link_of(std::uint32_t linktype) {
  switch (linktype) {
    case 0:
      return Link::Null;
    case 1:
      return Link::Ethernet;
    case 12:  // DLT_RAW, whose number depends on the system.
    case 14:
    case 101:
    case 228:  // IPv4 only.
    case 229:  // IPv6 only.
      return Link::RawIp;
    case 108:
      return Link::Loop;
    case 113:
      return Link::LinuxCooked;
    case 276:
      return Link::LinuxCooked2;
    default:
      return std::nullopt;
  }
}

std::variant<Segment, NoSegment> find_segment(const Packet& packet) {
  const auto found = find_ip(packet);
  if (const auto* why = std::get_if<NoSegment>(&found)) return *why;
  const auto& [ip, bytes] = std::get<IpPacket>(found);
  if (ip.protocol != kTcp) return NoSegment::OtherProtocol;
  if (ip.fragment) return NoSegment::Fragment;

  View tcp(bytes);
  tcp.skip(ip.size);
  Segment segment;
  segment.time_ns = packet.time_ns;
  segment.interface = packet.interface;
  segment.from = {ip.from, tcp.u16(0)};
  segment.to = {ip.to, tcp.u16(2)};
  segment.sequence = tcp.u32(4);
  segment.acknowledged = tcp.u32(8);
  const std::size_t tcp_size = static_cast<std::size_t>(tcp.u8(12) >> 4) * 4;
  segment.flags = tcp.u8(13);
  const std::size_t headers = ip.size + tcp_size;
  if (!tcp.good() || tcp_size < 20 || headers > ip.whole) return NoSegment::Damaged;
  // Short packets are padded by the link; cut packets lack what the length promises.
  segment.whole = static_cast<std::uint32_t>(ip.whole - headers);
  segment.payload = bytes.substr(std::min(headers, bytes.size()), segment.whole);
  return segment;
}

std::optional<Datagram> find_datagram(const Packet& packet) {
  constexpr std::size_t kUdpHeader = 8;
  const auto found = find_ip(packet);
  const auto* ip = std::get_if<IpPacket>(&found);
  if (ip == nullptr || ip->header.protocol != kUdp || ip->header.fragment) return std::nullopt;
  View udp(ip->bytes);
  udp.skip(ip->header.size);
  Datagram datagram;
  datagram.time_ns = packet.time_ns;
  datagram.interface = packet.interface;
  datagram.from = {ip->header.from, udp.u16(0)};
  datagram.to = {ip->header.to, udp.u16(2)};
  const std::size_t whole = udp.u16(4);
  if (!udp.good() || whole < kUdpHeader || udp.bytes().size() < kUdpHeader) return std::nullopt;
  datagram.whole = whole - kUdpHeader;
  datagram.payload = udp.bytes().substr(kUdpHeader, datagram.whole);
  return datagram;
}

}  // namespace check::capture
