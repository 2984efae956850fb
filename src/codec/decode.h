// SPDX-License-Identifier: Apache-2.0
// A stream of bytes from a peer to frames.
//
//   decoder.feed(bytes);
//   while (true) {
//     TRY(std::optional<codec::Frame> frame, decoder.next());
//     if (!frame) break;  // Feed more.
//     ...
//   }
//
// Whatever the bytes, it keeps no more than the largest frame and what was fed since, and the first
// error, which names the byte of the stream, ends it: close the connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/frame.h"

namespace codec {

struct Limits {
  // All of a frame, its head included.
  std::size_t frame_bytes = std::size_t{64} * 1024 * 1024;
};

// Terms and indices on the wire end here, so that a peer cannot make the next one overflow.
inline constexpr std::uint64_t kMaxPosition = std::uint64_t{1} << 62U;

// Whom this end of the connection believes. A frame of another cluster, for another server or for
// another of its lives is an error; so is one from anybody but `from`, or, where that is absent
// because the peer called us, from anybody but the sender of the Hello.
struct Expected {
  ClusterId cluster;
  raft::NodeId self;
  std::optional<raft::NodeId> from;
  Incarnation life = {};  // Of `self`.
};

class Decoder {
 public:
  Decoder(const Expected& expected, const Limits& limits);

  void feed(std::string_view bytes);

  // The next frame; nothing if it is not all there yet. The first is always a Hello, with a version
  // that this program speaks. After an error: the same error again.
  base::Result<std::optional<Frame>> next();

  // Known from the Hello on, or from the beginning.
  std::optional<raft::NodeId> peer() const { return expected_.from; }
  // 0 until the Hello came.
  Incarnation peer_life() const { return peer_life_; }
  // What to speak with the peer; the oldest until its Hello came.
  std::uint8_t version() const { return version_; }

 private:
  base::Result<std::optional<Frame>> decode_next();

  base::Status check_sender(const Frame& frame) const;

  Expected expected_;
  Limits limits_;
  Incarnation peer_life_;
  std::uint8_t version_ = kOldestVersion;
  std::string buffer_;
  std::size_t begin_ = 0;           // In `buffer_`: what is before was handed out.
  std::uint64_t stream_begin_ = 0;  // The same place, counted from the first byte of the stream.
  bool greeted_ = false;
  std::optional<base::Error> failure_;
};

// One frame at the beginning of `bytes` and nothing about who sent it: for tools that watch.
// Offsets in errors count from `origin`.
struct Decoded {
  Frame frame;
  std::size_t size_bytes = 0;
};
base::Result<std::optional<Decoded>> decode_frame(std::string_view bytes, const Limits& limits,
                                                  std::uint64_t origin);

// A datagram: exactly one frame, for `expected`. Which life of its sender it is from is for the
// caller to judge.
base::Result<Frame> decode_datagram(std::string_view bytes, const Expected& expected);

}  // namespace codec
