// SPDX-License-Identifier: Apache-2.0
#include "check/capture/capture_file.h"

#include <algorithm>
#include <array>
#include <string>

namespace check::capture {
namespace {

constexpr std::uint32_t kSection = 0x0a0d0d0a;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kOldPacket = 2;
constexpr std::uint32_t kSimplePacket = 3;
constexpr std::uint32_t kStatistics = 5;
constexpr std::uint32_t kPacket = 6;
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;

constexpr std::size_t kPcapHeader = 24;
constexpr std::size_t kPcapRecord = 16;
constexpr std::size_t kBlockFrame = 12;  // Type, length, and the length again.
constexpr std::size_t kMostInterfaces = 4096;

constexpr std::uint64_t kNanoseconds = 1'000'000'000;

std::uint32_t swap(std::uint32_t value) {
  return value >> 24 | (value >> 8 & 0xff00) | (value << 8 & 0xff0000) | value << 24;
}

// The lowest byte first; zeros past the end.
std::uint32_t little(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size && at + i < bytes.size(); ++i) {
    value |= std::uint32_t{static_cast<std::uint8_t>(bytes[at + i])} << (8 * i);
  }
  return value;
}

std::size_t padded(std::size_t size) { return (size + 3) / 4 * 4; }

}  // namespace

std::uint16_t CaptureFile::u16(std::string_view bytes, std::size_t at) const {
  const std::uint32_t value = little(bytes, at, 2);
  return static_cast<std::uint16_t>(swapped_ ? swap(value) >> 16 : value);
}

std::uint32_t CaptureFile::u32(std::string_view bytes, std::size_t at) const {
  const std::uint32_t value = little(bytes, at, 4);
  return swapped_ ? swap(value) : value;
}

std::uint64_t CaptureFile::u64(std::string_view bytes, std::size_t at) const {
  const std::uint64_t first = u32(bytes, at);
  const std::uint64_t second = u32(bytes, at + 4);
  return swapped_ ? first << 32 | second : second << 32 | first;
}

base::Error CaptureFile::error(const std::string& what) const {
  return {base::ErrorCode::Corrupt, "byte " + std::to_string(position_) + ": " + what};
}

void CaptureFile::take(std::size_t size) {
  at_ += size;
  position_ += size;
}

void CaptureFile::add(std::string_view bytes) {
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_.append(bytes);
}

std::uint64_t CaptureFile::lost_packets() const {
  std::uint64_t lost = lost_before_;
  for (const Interface& interface : interfaces_) lost += interface.lost;
  return lost;
}

base::Result<std::optional<Packet>> CaptureFile::next() {
  if (kind_ == Kind::Unknown) {
    TRY(const bool begun, read_begin());
    if (!begun) return std::optional<Packet>();
  }
  return kind_ == Kind::Pcap ? next_of_pcap() : next_of_pcapng();
}

base::Result<bool> CaptureFile::read_begin() {
  const std::string_view in = rest();
  if (in.size() < 4) return false;
  const std::uint32_t magic = little(in, 0, 4);
  if (magic == kSection) {
    kind_ = Kind::Pcapng;
    return true;
  }
  if (in.size() < kPcapHeader) return false;
  Interface interface;
  swapped_ = magic == swap(0xa1b2c3d4) || magic == swap(0xa1b23c4d);
  const std::uint32_t straight = swapped_ ? swap(magic) : magic;
  if (straight == 0xa1b23c4d) {
    interface.units_per_second = kNanoseconds;
  } else if (straight != 0xa1b2c3d4) {
    return error("this is neither a pcap nor a pcapng file");
  }
  const std::uint32_t linktype = u32(in, 20) & 0xffff;
  interface.link = link_of(linktype);
  if (!interface.link) {
    return error("packets of link type " + std::to_string(linktype) + " are not understood");
  }
  interfaces_ = {interface};
  kind_ = Kind::Pcap;
  take(kPcapHeader);
  return true;
}

base::Result<std::optional<Packet>> CaptureFile::next_of_pcap() {
  const std::string_view in = rest();
  if (in.size() < kPcapRecord) return std::optional<Packet>();
  const std::uint32_t size = u32(in, 8);
  if (size > kMostBlockBytes) {
    return error("a packet that claims " + std::to_string(size) + " bytes is none");
  }
  if (in.size() - kPcapRecord < size) return std::optional<Packet>();
  const Interface& interface = interfaces_.front();
  Packet packet;
  packet.time_ns =
      u32(in, 0) * kNanoseconds + u32(in, 4) * (kNanoseconds / interface.units_per_second);
  packet.link = *interface.link;
  packet.bytes = in.substr(kPcapRecord, size);
  packet.whole = std::max(size, u32(in, 12));
  take(kPcapRecord + size);
  return std::optional(packet);
}

base::Result<std::optional<Packet>> CaptureFile::next_of_pcapng() {
  for (;;) {
    TRY(const std::optional<Block> block, next_block());
    if (!block) return std::optional<Packet>();
    switch (block->type) {
      case kSection: {
        TRY([[maybe_unused]] const base::Done done, read_section(block->body));
        break;
      }
      case kInterface: {
        TRY([[maybe_unused]] const base::Done done, read_interface(block->body));
        break;
      }
      case kStatistics:
        read_statistics(block->body);
        break;
      case kPacket:
      case kOldPacket:
      case kSimplePacket: {
        TRY(std::optional<Packet> packet, read_packet(*block));
        if (packet) return packet;
        break;
      }
      default:
        break;  // Names, secrets, remarks.
    }
  }
}

base::Result<std::optional<CaptureFile::Block>> CaptureFile::next_block() {
  const std::string_view in = rest();
  if (in.size() < kBlockFrame) return std::optional<Block>();
  Block block;
  block.type = u32(in, 0);
  if (block.type == kSection) {  // Reads the same both ways, and says how the rest is to be read.
    const std::uint32_t order = little(in, 8, 4);
    if (order != kByteOrder && order != swap(kByteOrder)) {
      return error("a section that does not tell its byte order");
    }
    swapped_ = order != kByteOrder;
  }
  const std::size_t size = u32(in, 4);
  if (size < kBlockFrame || size % 4 != 0 || size > kMostBlockBytes) {
    return error("a block that claims " + std::to_string(size) + " bytes is none");
  }
  if (in.size() < size) return std::optional<Block>();
  if (u32(in, size - 4) != size) return error("a block whose two lengths differ");
  block.body = in.substr(8, size - kBlockFrame);
  take(size);
  return std::optional(block);
}

base::Status CaptureFile::read_section(std::string_view body) {
  if (u16(body, 4) != 1) {
    return error("pcapng of version " + std::to_string(u16(body, 4)) + " is not understood");
  }
  lost_before_ = lost_packets();
  interfaces_.clear();
  return base::Done{};
}

// use(code, value) of each option until the end mark.
template <class Use>
void CaptureFile::each_option(std::string_view options, Use use) const {
  while (options.size() >= 4) {
    const std::uint16_t code = u16(options, 0);
    const std::size_t size = u16(options, 2);
    if (code == 0 || options.size() - 4 < size) return;
    use(code, options.substr(4, size));
    options.remove_prefix(std::min(options.size(), 4 + padded(size)));
  }
}

base::Status CaptureFile::read_interface(std::string_view body) {
  if (interfaces_.size() == kMostInterfaces) return error("more interfaces than a machine has");
  Interface interface;
  interface.link = link_of(u16(body, 0));
  each_option(body.substr(std::min<std::size_t>(body.size(), 8)),
              [&](std::uint16_t code, std::string_view value) {
                if (code == 9 && value.size() == 1) {
                  const auto resolution = static_cast<std::uint8_t>(value[0]);
                  interface.binary_units = resolution > 127;
                  interface.units_per_second = 1;
                  const unsigned steps = interface.binary_units ? std::min(resolution & 127U, 63U)
                                                                : std::min(resolution + 0U, 19U);
                  for (unsigned i = 0; i < steps; ++i) {
                    interface.units_per_second *= interface.binary_units ? 2 : 10;
                  }
                } else if (code == 14 && value.size() == 8) {
                  interface.offset_seconds = static_cast<std::int64_t>(u64(value, 0));
                }
              });
  interfaces_.push_back(interface);
  return base::Done{};
}

void CaptureFile::read_statistics(std::string_view body) {
  const std::uint32_t which = u32(body, 0);
  if (which >= interfaces_.size()) return;
  std::uint64_t lost = 0;
  each_option(body.substr(std::min<std::size_t>(body.size(), 12)),
              [&](std::uint16_t code, std::string_view value) {
                // isb_ifdrop by the interface, isb_osdrop by the system behind it.
                if ((code == 5 || code == 7) && value.size() == 8) lost += u64(value, 0);
              });
  interfaces_[which].lost = lost;  // Counts from the start: the last one stands.
}

base::Result<std::optional<Packet>> CaptureFile::read_packet(const Block& block) {
  const std::string_view body = block.body;
  const bool simple = block.type == kSimplePacket;
  const std::size_t head = simple ? 4 : 20;
  if (body.size() < head) return error("a packet block that is too short");
  Packet packet;
  packet.interface = simple ? 0 : block.type == kPacket ? u32(body, 0) : u16(body, 0);
  if (packet.interface >= interfaces_.size()) {
    return error("a packet of interface " + std::to_string(packet.interface) +
                 ", which was not described");
  }
  const Interface& interface = interfaces_[packet.interface];
  packet.whole = u32(body, head - 4);
  const std::size_t size =
      simple ? std::min<std::size_t>(packet.whole, body.size() - head) : u32(body, 12);
  if (size > body.size() - head) return error("a packet that is larger than its block");
  if (!interface.link) {
    foreign_ += 1;
    return std::optional<Packet>();
  }
  if (!simple) {
    const std::uint64_t time = std::uint64_t{u32(body, 4)} << 32 | u32(body, 8);
    packet.time_ns = nanoseconds(interface, time);
  }
  packet.link = *interface.link;
  packet.bytes = body.substr(head, size);
  packet.whole = std::max(packet.whole, static_cast<std::uint32_t>(size));
  return std::optional(packet);
}

std::uint64_t CaptureFile::nanoseconds(const Interface& interface, std::uint64_t time) const {
  const std::uint64_t units = interface.units_per_second;
  std::uint64_t part = time % units;
  if (interface.binary_units) {
    std::uint64_t scale = units;
    while (scale > std::uint64_t{1} << 30) {  // So that the product fits.
      scale /= 2;
      part /= 2;
    }
    part = part * kNanoseconds / scale;
  } else {
    part = units <= kNanoseconds ? part * (kNanoseconds / units) : part / (units / kNanoseconds);
  }
  const std::uint64_t seconds = time / units + static_cast<std::uint64_t>(interface.offset_seconds);
  return seconds * kNanoseconds + part;
}

}  // namespace check::capture
