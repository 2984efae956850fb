// SPDX-License-Identifier: Apache-2.0
// The binary payloads of the Rafts inside NATS JetStream (docs/formats/wire-nats.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "check/wire/message.h"

namespace check::wire {

inline constexpr std::size_t kNatsIdBytes = 8;

// Each is none if the payload is not of its kind. Group, sender and receiver are for the caller.

// To all followers; `leader` is who sends it.
struct NatsAppend {
  Message message;
  std::string leader;
  bool snapshot = false;  // Holds a snapshot as its first part.
};
std::optional<NatsAppend> nats_append(std::string_view payload);
// To one follower that is behind: what the leader once stored, or a snapshot.
std::optional<Message> nats_catch_up(std::string_view payload);
// `catch_up`: the follower asks for what it lacks.
std::optional<Message> nats_append_reply(std::string_view payload, bool catch_up);
std::optional<Message> nats_vote(std::string_view payload);
std::optional<Message> nats_vote_reply(std::string_view payload);

}  // namespace check::wire
