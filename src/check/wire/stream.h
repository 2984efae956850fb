// SPDX-License-Identifier: Apache-2.0
// One direction's bytes that are not frames yet. What decoders that cut a stream have in common:
// every byte leaves in exactly one frame, and a stream that makes no sense leaves as it came.
//
//   stream.add(bytes);
//   while (...enough of stream.waiting() for a frame...) out.push_back(stream.take(size));
//   stream.settle(out);
#pragma once

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

}  // namespace check::wire
