// SPDX-License-Identifier: Apache-2.0
#include "check/wire/stream.h"

namespace check::wire {

Frame Stream::take(std::size_t bytes, std::optional<Message> message) {
  offset_ += bytes;
  return Frame{direction_, backlog_.take(bytes), std::move(message), 0};
}

void Stream::take_all(std::vector<Frame>& out) {
  if (!backlog_.empty()) out.push_back(take(backlog_.size()));
}

void Stream::give_up(const std::string& why) {
  if (!opaque_) opaque_ = why + ", at byte " + std::to_string(offset_) + " of the stream";
}

void Stream::settle(std::vector<Frame>& out) {
  if (backlog_.size() > Decoder::kMostWaiting) {
    give_up("a message is longer than " + std::to_string(Decoder::kMostWaiting) + " bytes");
  }
  if (opaque_) take_all(out);
}

}  // namespace check::wire
