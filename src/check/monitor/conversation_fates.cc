// SPDX-License-Identifier: Apache-2.0
// What becomes of the frames of a conversation.
#include <utility>

#include "base/check.h"
#include "check/monitor/conversation.h"

namespace check::monitor {

// Takes a frame out of those that are kept or delayed.
template <class Frames>
wire::Frame Conversation::take_out(Frames& frames, typename Frames::iterator position) {
  wire::Frame frame = std::move(position->second);
  frames.erase(position);
  context_.kept -= 1;
  context_.kept_bytes -= frame.bytes.size();
  return frame;
}

void Conversation::settle(std::uint64_t ticket, Settled settled, std::uint64_t now_ns) {
  now_ns_ = now_ns;
  context_.connection_of.erase(ticket);
  if (settled == Settled::Reset && !datagrams_) given_.reset = true;
  for (Lane& lane : lanes_) {
    if (lane.stalled && lane.stalled->ticket == ticket) {
      settle_stalled(lane, settled);
      return;
    }
    const auto found = lane.kept.find(ticket);
    if (found == lane.kept.end()) continue;
    const wire::Frame frame = take_out(lane.kept, found);
    if (settled == Settled::HandOn) {
      release(lane, frame);
    } else {
      lane.link->dropped.add(1);
      if (decoder_ != nullptr) decoder_->left_out(frame);
      lane.edits->left_out.add(frame.bytes.size());
    }
    finish(lane);
    return;
  }
}

void Conversation::settle_stalled(Lane& lane, Settled settled) {
  const wire::Frame frame = std::exchange(lane.stalled, std::nullopt)->frame;
  if (settled == Settled::HandOn) {
    hand_on(lane, frame);
  } else {
    drop(lane, frame);
  }
  release_overtaken(lane);
  advance(lane);
}

void Conversation::advance(Lane& lane) {
  while (!lane.queue.empty() && !lane.stalled && !given_.close && !given_.reset) {
    wire::Frame frame = std::move(lane.queue.front());
    lane.queue.pop_front();
    take_turn(lane, std::move(frame));
  }
  if (!lane.untold.empty() && lane.queue.empty()) {
    context_.watcher.opaque(lane.link->pair, connection_, std::exchange(lane.untold, {}));
  }
  finish(lane);
}

// Once nothing can come behind it, what did not become a frame goes on as it is.
void Conversation::finish(Lane& lane) {
  if (!lane.ended || !lane.queue.empty() || lane.stalled) return;
  release_overtaken(lane);
  if (!lane.kept.empty() || !lane.delayed.empty() || lane.tail.empty()) return;
  hand_on(lane, {.bytes = std::exchange(lane.tail, {})});
}

void Conversation::take_turn(Lane& lane, wire::Frame frame) {
  if (!frame.message) {
    hand_on(lane, frame);
    return;
  }
  Fate fate = show(lane, frame);
  if (const std::string why = refusal(lane, frame, fate); !why.empty()) {
    context_.watcher.refused(context_.next_id - 1, why);
    fate = {};
  }
  auto overtaken = std::exchange(lane.overtaken, std::nullopt);
  carry_out(lane, std::move(frame), fate);
  if (overtaken && lane.stalled) {
    lane.overtaken = std::move(overtaken);
  } else if (overtaken) {
    release(lane, *overtaken);
  }
}

void Conversation::carry_out(Lane& lane, wire::Frame frame, const Fate& fate) {
  switch (fate.kind) {
    case Fate::Kind::HandOn:
      hand_on(lane, frame);
      break;
    case Fate::Kind::Drop:
      drop(lane, frame);
      break;
    case Fate::Kind::Delay:
    case Fate::Kind::Keep:
    case Fate::Kind::Stall:
    case Fate::Kind::Swap:
      set_aside(lane, std::move(frame), fate);
      break;
    case Fate::Kind::Repeat:
      hand_on(lane, frame);
      put(lane, {}, lane.encoder->out_of_turn(frame));
      break;
    case Fate::Kind::Replace:
      put(lane, frame.bytes, lane.encoder->forward(*fate.frame));
      break;
    case Fate::Kind::Answer:
      drop(lane, frame);
      put(other(lane), {}, other(lane).encoder->out_of_turn(*fate.frame));
      break;
    case Fate::Kind::Close:
      drop(lane, frame);
      given_.close = true;
      break;
    case Fate::Kind::Reset:
      drop(lane, frame);
      given_.reset = true;
      break;
  }
}

void Conversation::set_aside(Lane& lane, wire::Frame frame, const Fate& fate) {
  if (fate.kind == Fate::Kind::Keep || fate.kind == Fate::Kind::Stall) {
    const bool fresh = context_.connection_of.emplace(fate.ticket, connection_).second;
    CHECK(fresh, fate.ticket);
  }
  // Its turn comes when it is settled, or in time.
  const bool in_line = wire::waits_in_line(context_.protocol);
  if (fate.kind == Fate::Kind::Stall || (in_line && fate.kind == Fate::Kind::Keep)) {
    lane.stalled = {fate.ticket, std::nullopt, std::move(frame)};
    return;
  }
  if (in_line && fate.kind == Fate::Kind::Delay) {
    lane.stalled = {std::nullopt, now_ns_ + fate.delay_ns, std::move(frame)};
    return;
  }
  put(lane, {}, lane.encoder->leave_out(frame));
  if (fate.kind == Fate::Kind::Swap) {
    lane.overtaken = std::move(frame);
    return;
  }
  context_.kept += 1;
  context_.kept_bytes += frame.bytes.size();
  if (fate.kind == Fate::Kind::Keep) {
    lane.kept.emplace(fate.ticket, std::move(frame));
  } else {
    lane.delayed.emplace(now_ns_ + fate.delay_ns, std::move(frame));
  }
}

// Why it cannot be done; empty if it can.
std::string Conversation::refusal(const Lane& lane, const wire::Frame& frame,
                                  const Fate& fate) const {
  const bool gives = fate.kind == Fate::Kind::Replace || fate.kind == Fate::Kind::Answer;
  if (gives && !fate.frame) return "there is no message to give in its place";
  if (fate.kind == Fate::Kind::Answer) {
    const Lane& back = other(lane);
    return back.opaque || back.ended ? "the other direction of its connection takes no answer" : "";
  }
  const bool breaks = fate.kind == Fate::Kind::Close || fate.kind == Fate::Kind::Reset;
  if (breaks && datagrams_) return "it came in a datagram: there is no connection to break";
  const bool keeps = fate.kind == Fate::Kind::Delay || fate.kind == Fate::Kind::Keep;
  if (!keeps && fate.kind != Fate::Kind::Swap) return "";
  if (lane.opaque) return "its connection is not understood any more: it could not go on later";
  const bool room = context_.kept < MessageContext::kMostKept &&
                    context_.kept_bytes + frame.bytes.size() <= MessageContext::kMostKeptBytes;
  return keeps && !room ? "too many messages are kept already" : "";
}

void Conversation::hand_on(Lane& lane, const wire::Frame& frame) {
  put(lane, frame.bytes, lane.encoder->forward(frame));
}

void Conversation::drop(Lane& lane, const wire::Frame& frame) {
  lane.link->dropped.add(1);
  if (decoder_ != nullptr) decoder_->left_out(frame);
  put(lane, frame.bytes, lane.encoder->leave_out(frame));
}

// A frame that was left out in its turn goes on after all.
void Conversation::release(Lane& lane, const wire::Frame& frame) {
  put(lane, frame.bytes, lane.encoder->out_of_turn(frame));
}

// `given` is handed on in the place of `came`.
void Conversation::put(Lane& lane, std::string_view came, std::string_view given) {
  if (came != given) {
    lane.edits->left_out.add(came.size());
    lane.edits->invented.add(given.size());
  }
  const std::size_t which = &lane == lanes_.data() ? 0 : 1;
  given_.bytes[which] += given;
  if (datagrams_ && !given.empty()) given_.ends[which].push_back(given_.bytes[which].size());
}

void Conversation::release_delayed(Lane& lane, std::uint64_t until_ns) {
  while (!lane.delayed.empty() && lane.delayed.begin()->first <= until_ns) {
    const wire::Frame frame = take_out(lane.delayed, lane.delayed.begin());
    release(lane, frame);
  }
}

void Conversation::release_overtaken(Lane& lane) {
  if (const auto frame = std::exchange(lane.overtaken, std::nullopt)) release(lane, *frame);
}

void Conversation::lose_kept(Lane& lane) {
  while (!lane.delayed.empty()) lose(lane, take_out(lane.delayed, lane.delayed.begin()));
  while (!lane.kept.empty()) {
    lose_ticket(lane.kept.begin()->first);
    lose(lane, take_out(lane.kept, lane.kept.begin()));
  }
  if (const auto frame = std::exchange(lane.overtaken, std::nullopt)) lose(lane, *frame);
}

void Conversation::lose_stalled(Lane& lane) {
  const auto stalled = std::exchange(lane.stalled, std::nullopt);
  if (!stalled) return;
  if (stalled->ticket) lose_ticket(*stalled->ticket);
  lose(lane, stalled->frame);
}

void Conversation::lose_ticket(std::uint64_t ticket) {
  context_.connection_of.erase(ticket);
  context_.watcher.lost(ticket);
}

void Conversation::lose(Lane& lane, const wire::Frame& frame) {
  lane.edits->discarded.add(frame.bytes.size());
}

}  // namespace check::monitor
