// SPDX-License-Identifier: Apache-2.0
// One direction's bytes that are not frames yet. What decoders that cut a stream have in common:
// every byte leaves in exactly one frame, and a stream that makes no sense leaves as it came.
//
//   stream.add(bytes);
//   while (...enough of stream.waiting() for a frame...) out.push_back(stream.take(size));
//   stream.settle(out);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/wire/backlog.h"
#include "check/wire/decoder.h"

namespace check::wire {

class Stream {
 public:
  explicit Stream(Direction direction) : direction_(direction) {}

  void add(std::string_view bytes) { backlog_.append(bytes); }
  // Valid until the next call of anything else.
  std::string_view waiting() const { return backlog_.view(); }
  // Where waiting() begins, counted in bytes from the first one seen.
  std::uint64_t offset() const { return offset_; }

  // The first bytes of waiting(). Requires: there are as many.
  Frame take(std::size_t bytes, std::optional<Message> message = std::nullopt);
  // Everything that waits, as a frame without a message, if anything does.
  void take_all(std::vector<Frame>& out);

  // From here on nothing makes sense. `why` continues the sentence "..., at byte 17 of the stream".
  void give_up(const std::string& why);
  const std::optional<std::string>& opaque() const { return opaque_; }

  // The caller can do no more for now: gives back what waits if the stream is opaque, or becomes so
  // because more waits than is allowed.
  void settle(std::vector<Frame>& out);

 private:
  Direction direction_;
  Backlog backlog_;
  std::uint64_t offset_ = 0;
  std::optional<std::string> opaque_;
};

// A decoder that cuts frames off both streams of a connection. `Side` is what it knows of one
// direction: it has a Stream `stream`, and is made of the direction and of whether the connection
// is seen from its beginning.
template <typename Side>
class TwoStreams : public Decoder {
 public:
  explicit TwoStreams(const ConnectionStart& start)
      : sides_{Side(Direction::FromDialer, start.seen), Side(Direction::FromAcceptor, start.seen)} {
  }

  void feed(Direction direction, std::string_view bytes, std::vector<Frame>& out) final {
    Stream& stream = side(direction).stream;
    stream.add(bytes);
    while (!stream.opaque() && !stream.waiting().empty() && step(direction, out)) {
    }
    stream.settle(out);
  }

  void skip(Direction direction, std::uint64_t bytes, std::vector<Frame>& out) final {
    Stream& stream = side(direction).stream;
    if (stream.opaque() || bytes == 0) return;
    lost(direction, bytes);
    stream.take_all(out);
  }

  const std::optional<std::string>& opaque(Direction direction) const final {
    return sides_[static_cast<std::size_t>(direction)].stream.opaque();
  }

 protected:
  Side& side(Direction direction) { return sides_[static_cast<std::size_t>(direction)]; }
  Side& other(Direction direction) { return sides_[1 - static_cast<std::size_t>(direction)]; }

 private:
  // Takes a frame off the stream, where something waits. False: more bytes are needed, or it has
  // given up.
  virtual bool step(Direction direction, std::vector<Frame>& out) = 0;
  // So many bytes will not come. Those that wait before them leave afterwards, undecoded.
  virtual void lost(Direction direction, std::uint64_t bytes) = 0;

  std::array<Side, 2> sides_;
};

}  // namespace check::wire
