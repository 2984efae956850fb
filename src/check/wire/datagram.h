// SPDX-License-Identifier: Apache-2.0
// Protocols whose messages may come in datagrams, each a whole one. What passes between two
// processes, one at each end, is a conversation: a decoder of its own, a life at each end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "check/wire/decoder.h"

namespace check::wire {

// The processes at the two ends, as numbers that no other process of these servers has.
struct Lives {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  // The same in both directions.
  std::uint64_t conversation() const { return from ^ to; }
};

// Nothing: this is no message of the protocol, or it does not use datagrams.
std::optional<Lives> lives_in(Protocol protocol, std::string_view datagram);

// Each feed() is one datagram, and gives it back as one frame; skip() is never needed, and nothing
// becomes opaque. Null: the protocol does not use datagrams.
std::unique_ptr<Decoder> make_datagram_decoder(Protocol protocol);

}  // namespace check::wire
