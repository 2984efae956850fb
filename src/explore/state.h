// SPDX-License-Identifier: Apache-2.0
// A cluster at one moment, in numbers of a Catalogue, and what can happen to it next.
#pragma once

#include <array>
#include <cstdint>

#include "explore/bounds.h"
#include "explore/catalogue.h"

namespace explore {

// Names a state of an exploration: its position in the trail of the worker who owns it.
enum class StateId : std::uint32_t {};

struct State {
  StateId id{};
  HistoryId history{};
  Budget left;
  std::uint8_t flight_count = 0;
  std::array<ServerId, kMaxServers> servers{};
  std::array<FlightId, kMaxFlights> flights{};  // In the order of sending.
};

// Sixteen bits, so that the way to a state is cheap to keep.
struct Action {
  enum class Kind : std::uint8_t {
    TimeOut,
    Heartbeat,
    Propose,
    Sync,
    Crash,
    Deliver,
    DeliverCopy,
    Lose
  };
  Kind kind{};
  std::uint8_t operand =
      0;  // A server's position and, of a Crash, kept * kMaxServers; or a flight's.
};

}  // namespace explore
