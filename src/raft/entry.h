// SPDX-License-Identifier: Apache-2.0
// What a log is made of.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "raft/types.h"

namespace raft {

// Noop: what a new leader writes first, so that it can commit in its own term (Raft §8).
// Configuration: who belongs to the cluster from here on (configuration.h has the payload).
enum class EntryKind : std::uint8_t { Noop = 0, Command = 1, Configuration = 2 };

// Bytes the core never looks into. Shared and immutable: the same command lies in the log, in
// messages to every follower and in the apply queue, and is copied nowhere.
using Payload = std::shared_ptr<const std::string>;

struct Entry {
  EntryId id;
  EntryKind kind = EntryKind::Noop;
  Payload payload;  // Null if and only if the kind is Noop.
};

}  // namespace raft
