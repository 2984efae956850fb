// SPDX-License-Identifier: Apache-2.0
// What the state machine answers, sessions included, as a reply to a client.
#pragma once

#include <optional>
#include <string_view>

#include "kv/reply.h"
#include "machine/state_machine.h"

namespace server {

// Nothing: it is no answer of our state machine; a peer that passed it on is of another kind.
std::optional<kv::Reply> reply_of(std::string_view answer);

// The other way, for what is answered in place of the machine.
machine::Answer answer_of(const kv::Reply& reply);

// The error that a client gets for an answer that would take more than `max_bytes` to write; to a
// write it says that it was done.
std::optional<machine::Answer> in_place_of(const machine::Answer& answer, std::size_t max_bytes,
                                           bool is_write);

}  // namespace server
