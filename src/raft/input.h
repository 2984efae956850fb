// SPDX-License-Identifier: Apache-2.0
// Everything that can happen to a Node.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "raft/durable.h"
#include "raft/message.h"

namespace raft {

// One unit of logical time has passed.
struct Tick {};

// `message` came from `from`, perhaps late, twice, or out of order, but not changed.
struct Receive {
  NodeId from;
  Message message;
};

// The state machine's owner asks for `commands` to be agreed on, in this order. Answered in the
// same step by Effects::proposed.
struct Propose {
  std::vector<Payload> commands;
};

// Names one read for the caller; the core only gives it back.
using ReadId = base::Ordinal<struct ReadLine>;

// The owner asks for an index that a linearizable read may be answered at (thesis §6.4). Answered,
// in this or a later step, by exactly one of Effects::readable and Effects::unreadable.
struct Read {
  ReadId id;
};

// All that steps up to receipt.step() asked to save and append is on disk.
struct Persisted {
  Receipt receipt;
};

using Input = std::variant<Tick, Receive, Propose, Read, Persisted>;

}  // namespace raft
