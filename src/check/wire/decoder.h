// SPDX-License-Identifier: Apache-2.0
// From the bytes of one connection to messages.
//
//   bytes as they come --feed()--> | frame | frame | frame (a message) | ...
//
// The frames of one direction, put one behind the other, are that direction's bytes, nothing left
// out and nothing changed. A frame that holds a message ends where the message ends.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/wire/message.h"
#include "check/wire/protocol.h"

namespace check::wire {

enum class Direction : std::uint8_t { FromDialer, FromAcceptor };

struct Frame {
  Direction direction = Direction::FromDialer;
  std::string bytes = {};
  std::optional<Message> message = {};  // None: greetings, probes of the transport, opaque bytes.
  std::uint32_t shape = 0;              // For the protocol's own encoder.
};

// Both directions of one connection. Keeps at most kMostWaiting bytes that do not make a frame yet.
class Decoder {
 public:
  static constexpr std::size_t kMostWaiting = std::size_t{64} << 20;

  virtual ~Decoder() = default;

  // More bytes of one direction, in order. Appends what they complete to `out`. A direction that
  // has become opaque gives its bytes back at once, without messages.
  virtual void feed(Direction direction, std::string_view bytes, std::vector<Frame>& out) = 0;

  // `bytes` bytes of one direction were not seen (a capture lost them). The direction becomes
  // opaque, unless the decoder can find the next message for certain.
  virtual void skip(Direction direction, std::uint64_t bytes, std::vector<Frame>& out) = 0;

  // A frame that came out is not given to its receiver, for good: it will not be answered. Only for
  // protocols whose answers are matched by their order.
  virtual void left_out(const Frame& frame) { static_cast<void>(frame); }

  // Why a direction stopped making sense, in one sentence; none if it has not.
  virtual const std::optional<std::string>& opaque(Direction direction) const = 0;
};

// What is known about a connection before its first byte.
struct ConnectionStart {
  bool seen = true;  // False: the capture begins in the middle of it.
};

std::unique_ptr<Decoder> make_decoder(Protocol protocol, const ConnectionStart& start = {});

}  // namespace check::wire
