// SPDX-License-Identifier: Apache-2.0
#include "check/run/message_sequence.h"

#include <fmt/format.h>

#include <utility>

namespace check::run {

base::Result<bool> MessageSequence::step(evidence::Judge& judge, Files files) {
  // In this order: what nodes.jsonl says is written at once, messages after a while. So an event
  // that comes before a message that is there is there, too.
  if (!message_ && messages_.next()) {
    auto parsed = wire::parse_observation(messages_.line());
    if (!parsed.ok()) return messages_.wrong(parsed.error());
    message_ = std::move(parsed).value();
  }
  if (!event_ && nodes_.next()) {
    auto parsed = evidence::parse_node_event(nodes_.line());
    if (!parsed.ok()) return nodes_.wrong(parsed.error());
    event_ = std::move(parsed).value();
  }
  if (!message_ && files == Files::Growing) return false;
  if (event_ && (!message_ || event_->time_ns <= message_->time_ns)) {
    judge.on(*event_);
    event_.reset();
    return true;
  }
  if (!message_) return false;
  if (message_->id != next_id_) {
    judge.missed(
        fmt::format("the messages {} to {} are not in messages.jsonl", next_id_, message_->id - 1));
  }
  next_id_ = message_->id + 1;
  judge.observe(*message_);
  message_.reset();
  return true;
}

}  // namespace check::run
