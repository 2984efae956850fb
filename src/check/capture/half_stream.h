// SPDX-License-Identifier: Apache-2.0
// One direction of a TCP connection, put in order again (RFC 9293 §3.4): repeated bytes are
// dropped, early ones wait for those before them.
//
//        given out           hole    waiting        hole   waiting
//   =====================|..........|#########|............|#####
//                      next                 acknowledged: the receiver has had all up to here
//
// A hole that the receiver has acknowledged was lost by the capture, not by the network: after
// waiting for packets that were captured late it is given out as a gap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace check::capture {

// Where a direction's bytes and gaps go, in order.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void bytes(std::string_view bytes) = 0;
  virtual void gap(std::uint64_t bytes) = 0;
};

class HalfStream {
 public:
  static constexpr std::size_t kMostWaiting = std::size_t{8} << 20;
  // How long a hole that was acknowledged stays open for packets captured out of order.
  static constexpr std::uint64_t kPatienceNs = 1'000'000'000;
  static constexpr std::uint32_t kPatiencePackets = 256;
  // A sequence number this far off belongs to another connection of the same name.
  static constexpr std::uint64_t kNear = std::uint64_t{1} << 26;

  bool started() const { return started_; }
  // The sequence number of the first byte, if the beginning was seen.
  std::optional<std::uint32_t> first() const { return first_; }
  void begin(std::uint32_t sequence, bool at_first_byte);
  bool near(std::uint32_t sequence) const;

  // `whole` bytes from `sequence` on, of which `bytes` were captured.
  void add(std::uint32_t sequence, std::string_view bytes, std::uint32_t whole, ByteSink& sink);
  void end_at(std::uint32_t sequence);
  void acknowledge(std::uint32_t sequence);

  // Gives out what is in order, and holes that need not be waited for any more.
  void settle(std::uint64_t now_ns, ByteSink& sink);
  // Gives out all that the receiver can have had: no more packets will come. The rest, which
  // stayed behind a hole of the network's, is dropped.
  void finish(ByteSink& sink);
  // Gives up waiting, to make room.
  void hurry(ByteSink& sink);

  // All up to the sender's end was given out.
  bool complete() const { return end_ && next_ >= *end_; }
  std::size_t waiting_bytes() const { return waiting_bytes_; }

 private:
  struct Piece {
    std::string bytes;
    std::uint64_t whole = 0;
  };

  std::uint64_t position(std::uint32_t sequence) const;
  void give(std::string_view bytes, std::uint64_t whole, ByteSink& sink);
  void keep(std::uint64_t position, std::string_view bytes, std::uint64_t whole);
  void give_waiting(ByteSink& sink);
  // The end of the hole at next_; next_ if there is none.
  std::uint64_t hole_end() const;
  void skip_hole(ByteSink& sink);

  bool started_ = false;
  std::optional<std::uint32_t> first_;
  // Positions are sequence numbers that do not wrap around.
  std::uint64_t next_ = 0;
  std::optional<std::uint64_t> end_;
  std::optional<std::uint64_t> acknowledged_;
  std::map<std::uint64_t, Piece> waiting_;  // By position; none overlap.
  std::size_t waiting_bytes_ = 0;
  std::uint64_t hole_at_ = 0;  // The hole that is being waited for begins here,
  std::uint64_t hole_since_ns_ = 0;
  std::uint32_t hole_packets_ = 0;
};

}  // namespace check::capture
