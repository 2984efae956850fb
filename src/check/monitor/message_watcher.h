// SPDX-License-Identifier: Apache-2.0
// Who is shown every message between nodes, and says what becomes of it.
//
//   decoder --message--> seen() --Fate--> handed on, left out, kept, repeated, replaced, answered
//                                 settle(ticket, ...) --> what was kept goes on, or is lost
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "check/history/node_id.h"
#include "check/wire/decoder.h"
#include "check/wire/observation.h"

namespace check::monitor {

struct Fate {
  enum class Kind : std::uint8_t {
    HandOn,
    Drop,
    Delay,    // Goes on after `delay_ns`; what comes behind it does not wait.
    Keep,     // Goes on, or is lost, when settle(ticket) says so; what comes behind does not wait.
    Stall,    // Its direction of the connection waits, it first, until settle(ticket). Delay and
              // Keep are such, too, where wire::waits_in_line() says so.
    Repeat,   // Handed on twice.
    Swap,     // Goes on behind the next message of its direction, or its end.
    Replace,  // `frame` is handed on instead.
    Answer,   // Left out; `frame` is given to its sender instead of a reply.
    Close,    // Left out, and the connection is closed in good order to both ends.
    Reset     // Left out, and both ends see a reset.
  };
  Kind kind = Kind::HandOn;
  std::uint64_t delay_ns = 0;
  std::uint64_t ticket = 0;  // Keep, Stall: chosen by the watcher, never twice.
  std::optional<wire::Frame> frame = {};
};

// What becomes of a message that was kept.
enum class Settled : std::uint8_t { HandOn, Drop, Reset };

class MessageWatcher {
 public:
  virtual ~MessageWatcher() = default;

  // Called in the monitor's thread, once for each message in the order they arrive, and must
  // return at once. `observation` has everything but an action; its time is CLOCK_MONOTONIC.
  // When the monitor only looks on (Options::act is false) the answer is ignored.
  virtual Fate seen(const wire::Observation& observation, const wire::Frame& frame) = 0;

  // The message with this id was handed on as it came although seen() wanted something else.
  virtual void refused(std::uint64_t id, const std::string& why) = 0;
  // What was kept with this ticket is gone with its connection: settle() will find nothing.
  virtual void lost(std::uint64_t ticket) = 0;

  // A connection's direction is relayed without being understood from here on.
  virtual void opaque(history::DirectedPair pair, std::uint64_t connection,
                      const std::string& why) = 0;
};

}  // namespace check::monitor
