// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/conversation.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/check.h"
#include "check/wire/datagram.h"

namespace check::monitor {
namespace {

std::size_t bytes_of(const auto& frames) {
  std::size_t bytes = 0;
  for (const auto& [key, frame] : frames) bytes += frame.bytes.size();
  return bytes;
}

}  // namespace

bool MessageContext::wants(std::uint16_t port) const {
  return ports.empty() || std::find(ports.begin(), ports.end(), port) != ports.end();
}

Conversation::Tools Conversation::make_tools(const MessageContext& context) {
  return with_encoders(context, wire::make_decoder(context.protocol));
}

Conversation::Tools Conversation::make_datagram_tools(const MessageContext& context) {
  return with_encoders(context, wire::make_datagram_decoder(context.protocol));
}

Conversation::Tools Conversation::with_encoders(const MessageContext& context,
                                                std::unique_ptr<wire::Decoder> decoder) {
  Tools tools;
  tools.decoder = std::move(decoder);
  if (context.act) {
    for (const auto direction : {wire::Direction::FromDialer, wire::Direction::FromAcceptor}) {
      tools.encoders[static_cast<std::size_t>(direction)] =
          wire::make_encoder(context.protocol, direction);
    }
  }
  return tools;
}

Conversation::Conversation(MessageContext& context, Tools tools, const Of& of)
    : context_(context),
      connection_(of.connection),
      opened_ns_(of.opened_ns),
      datagrams_(of.datagrams),
      decoder_(std::move(tools.decoder)) {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    lanes_[i].link = of.links[i];
    lanes_[i].edits = of.datagrams ? &of.links[i]->datagram_edits : &of.links[i]->stream;
    lanes_[i].encoder = std::move(tools.encoders[i]);
    CHECK(!context.act || lanes_[i].encoder != nullptr);
  }
}

void Conversation::hear(wire::Direction direction, std::string_view bytes, std::uint64_t now_ns) {
  now_ns_ = now_ns;
  decode(direction, bytes);
  for (Lane& lane : lanes_) advance(lane);
}

void Conversation::hear_end(wire::Direction direction, bool in_order) {
  Lane& lane = this->lane(direction);
  lane.ended = true;
  if (!in_order) {
    lose_stalled(lane);
    lose_kept(lane);
  }
  advance(lane);
}

bool Conversation::may_end(wire::Direction direction) const {
  return lane(direction).ended && waiting_bytes(direction) == 0;
}

void Conversation::wake(std::uint64_t now_ns) {
  now_ns_ = now_ns;
  for (Lane& lane : lanes_) {
    if (lane.stalled && lane.stalled->due_ns.value_or(UINT64_MAX) <= now_ns) {
      settle_stalled(lane, Settled::HandOn);
    }
    release_delayed(lane, now_ns);
    finish(lane);
  }
}

std::optional<std::uint64_t> Conversation::next_due_ns() const {
  std::optional<std::uint64_t> due;
  for (const Lane& lane : lanes_) {
    const std::uint64_t first = lane.delayed.empty() ? UINT64_MAX : lane.delayed.begin()->first;
    const std::uint64_t stalled =
        lane.stalled ? lane.stalled->due_ns.value_or(UINT64_MAX) : UINT64_MAX;
    const std::uint64_t next = std::min({first, stalled, due.value_or(UINT64_MAX)});
    if (next != UINT64_MAX) due = next;
  }
  return due;
}

std::size_t Conversation::waiting_bytes(wire::Direction direction) const {
  const Lane& lane = this->lane(direction);
  std::size_t bytes = lane.tail.size() + bytes_of(lane.kept) + bytes_of(lane.delayed);
  for (const wire::Frame& frame : lane.queue) bytes += frame.bytes.size();
  if (lane.stalled) bytes += lane.stalled->frame.bytes.size();
  if (lane.overtaken) bytes += lane.overtaken->bytes.size();
  return bytes;
}

void Conversation::lose_all() {
  for (Lane& lane : lanes_) {
    lose_stalled(lane);
    lose_kept(lane);
    for (const wire::Frame& frame : lane.queue) lose(lane, frame);
    lane.queue.clear();
    lane.edits->discarded.add(lane.tail.size());
    lane.tail.clear();
  }
}

// --- From bytes to frames -----------------------------------------------------------------------

void Conversation::decode(wire::Direction direction, std::string_view bytes) {
  if (context_.act) lane(direction).tail += bytes;
  if (decoder_ != nullptr) {
    std::string failure = feed(direction, bytes);
    if (!take_frames() && failure.empty()) failure = "gave back other bytes than it was given";
    for (const auto each : {wire::Direction::FromDialer, wire::Direction::FromAcceptor}) {
      const auto& why = decoder_->opaque(each);
      if (why) become_opaque(lane(each), *why);
    }
    if (!failure.empty()) give_up("its decoder " + failure);
  }
  if (decoder_ == nullptr) {
    for (const auto each : {wire::Direction::FromDialer, wire::Direction::FromAcceptor}) {
      std::string& tail = lane(each).tail;
      if (tail.empty()) continue;
      lane(each).queue.push_back({each, std::exchange(tail, {})});
    }
  }
}

// What a decoder may throw is memory that has run out, or a bug: neither may harm the stream. Why
// it failed; empty if it did not.
std::string Conversation::feed(wire::Direction direction, std::string_view bytes) {
  try {
    decoder_->feed(direction, bytes, frames_);
  } catch (const std::exception& error) {
    return std::string("failed: ") + error.what();
  }
  return {};
}

// False: these are not the bytes that the decoder was given.
bool Conversation::take_frames() {
  std::array<std::size_t, 2> taken{};
  bool same = true;
  for (wire::Frame& frame : frames_) {
    Lane& lane = this->lane(frame.direction);
    if (!context_.act) {
      if (frame.message) show(lane, frame);
      continue;
    }
    std::size_t& begin = taken[static_cast<std::size_t>(frame.direction)];
    same = std::string_view(lane.tail).substr(begin, frame.bytes.size()) == frame.bytes;
    if (!same) break;
    begin += frame.bytes.size();
    lane.queue.push_back(std::move(frame));
  }
  frames_.clear();
  for (std::size_t i = 0; i < lanes_.size(); ++i) lanes_[i].tail.erase(0, taken[i]);
  return same;
}

void Conversation::give_up(const std::string& why) {
  decoder_.reset();
  for (Lane& lane : lanes_) become_opaque(lane, why);
}

// From now on nothing can be put between two messages: it is not known where they end.
void Conversation::become_opaque(Lane& lane, const std::string& why) {
  if (std::exchange(lane.opaque, true)) return;
  release_delayed(lane, UINT64_MAX);
  release_overtaken(lane);
  lose_kept(lane);
  lane.untold = why;
}

Fate Conversation::show(Lane& lane, const wire::Frame& frame) {
  lane.link->messages.add(1);
  const bool first = !std::exchange(lane.heard, true);
  const wire::Observation observation{.id = context_.next_id++,
                                      .time_ns = now_ns_,
                                      .from = lane.link->pair.from,
                                      .to = lane.link->pair.to,
                                      .connection = connection_,
                                      .opened_ns = first ? std::optional(opened_ns_) : std::nullopt,
                                      .unordered = datagrams_,
                                      .protocol = context_.protocol,
                                      .message = *frame.message};
  return context_.watcher.seen(observation, frame);
}

}  // namespace check::monitor
