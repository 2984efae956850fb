// SPDX-License-Identifier: Apache-2.0
// One stable text form of all that a Node takes and gives: for logs, traces and golden files.
//
//   describe(EntryId)   t2.4                      the entry of term 2 at index 4
//   describe(Message)   VoteReply term=3 granted=no
//   describe(Effects)   one line an effect; what is held back is only counted
#pragma once

#include <string>
#include <vector>

#include "raft/effects.h"
#include "raft/input.h"
#include "raft/message.h"
#include "raft/node.h"

namespace raft {

std::string describe(EntryId id);
std::string describe(const Payload& payload);  // Quoted if short and printable, else its size.
std::string describe(const Entry& entry);
std::string describe(const Configuration& configuration);
std::string describe(const SnapshotMeta& snapshot);
std::string describe(const HardState& hard_state);
std::string describe(Role role);
std::string describe(const Message& message);
std::string describe(const Envelope& envelope);
std::string describe(const Input& input);
std::vector<std::string> describe(const Effects& effects);

}  // namespace raft
