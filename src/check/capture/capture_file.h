// SPDX-License-Identifier: Apache-2.0
// The packets of a capture file, pcap (draft-ietf-opsawg-pcap) or pcapng
// (draft-ietf-opsawg-pcapng), as its bytes come.
//
//   pcap    | header | packet | packet | ...
//   pcapng  | section | interface | packet | ... | statistics | section | ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "check/capture/packet.h"

namespace check::capture {

class CaptureFile {
 public:
  // A block that claims to be larger is not one.
  static constexpr std::size_t kMostBlockBytes = std::size_t{16} << 20;

  // More of the file. Takes away what next() gave.
  void add(std::string_view bytes);
  // The next packet; nothing if it needs more bytes. An error names the byte at which the file
  // stops making sense; it is the last answer. The packet's bytes live until the next add().
  base::Result<std::optional<Packet>> next();

  // Bytes at the end that are no whole packet: the capture was ended in the middle of one.
  std::size_t left_over() const { return buffer_.size() - at_; }
  // Packets that the capturing program says it lost; they are not in the file.
  std::uint64_t lost_packets() const;
  // Packets of a kind of link that is not understood.
  std::uint64_t foreign_packets() const { return foreign_; }

 private:
  enum class Kind : std::uint8_t { Unknown, Pcap, Pcapng };
  struct Interface {
    std::optional<Link> link;
    std::uint64_t units_per_second = 1'000'000;
    bool binary_units = false;
    std::int64_t offset_seconds = 0;
    std::uint64_t lost = 0;
  };
  struct Block {
    std::uint32_t type = 0;
    std::string_view body;
  };

  std::string_view rest() const { return std::string_view(buffer_).substr(at_); }
  std::uint16_t u16(std::string_view bytes, std::size_t at) const;
  std::uint32_t u32(std::string_view bytes, std::size_t at) const;
  std::uint64_t u64(std::string_view bytes, std::size_t at) const;
  base::Error error(const std::string& what) const;
  void take(std::size_t size);

  base::Result<bool> read_begin();  // False: more bytes are needed.
  base::Result<std::optional<Packet>> next_of_pcap();
  base::Result<std::optional<Packet>> next_of_pcapng();
  base::Result<std::optional<Block>> next_block();
  base::Status read_section(std::string_view body);
  base::Status read_interface(std::string_view body);
  void read_statistics(std::string_view body);
  base::Result<std::optional<Packet>> read_packet(const Block& block);
  std::uint64_t nanoseconds(const Interface& interface, std::uint64_t time) const;
  template <class Use>
  void each_option(std::string_view options, Use use) const;

  std::string buffer_;
  std::size_t at_ = 0;          // In buffer_.
  std::uint64_t position_ = 0;  // Of buffer_[at_] in the file.
  Kind kind_ = Kind::Unknown;
  bool swapped_ = false;  // Written on a machine with the other byte order.
  std::vector<Interface> interfaces_;
  std::uint64_t lost_before_ = 0;  // Of sections that are over.
  std::uint64_t foreign_ = 0;
};

}  // namespace check::capture
